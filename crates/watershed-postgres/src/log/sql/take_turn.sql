-- The turn of a process that appends: its session has it until it is given back. It is waited for no longer than $2 ms.
SELECT pg_advisory_lock($1) FROM set_config('lock_timeout', $2, true)
