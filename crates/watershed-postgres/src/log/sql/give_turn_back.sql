-- The session has no other such lock.
SELECT pg_advisory_unlock_all()
