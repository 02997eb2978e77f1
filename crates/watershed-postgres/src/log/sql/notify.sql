-- A hint says how far the log has come. It need not survive anything, and waits for no disk.
SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2::bigint::text)
