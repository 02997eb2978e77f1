-- A hint need not survive anything, and waits for no disk.
SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '')
