-- Held by every process that listens, as long as it does.
SELECT pg_advisory_lock_shared($1)
