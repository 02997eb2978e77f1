-- Whoever holds this row's lock is the only one who appends, until the end of its transaction.
SELECT position, link FROM log_head FOR UPDATE
