-- The tags and names of the events behind $1 and up to $2.
SELECT position, tenant, tags, name FROM events WHERE position > $1 AND position <= $2 AND tags IS NOT NULL ORDER BY position
