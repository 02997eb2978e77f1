-- Has its answer once a transaction is over that was writing.
SELECT last_write FROM checkpoints WHERE projection_name = $1 AND edition = $2 FOR UPDATE
