-- The lock of `lock.sql`, by whoever knows what is there: fails where anything else is, and what has been sent behind it with it. One that
-- was given up, and comes late, finds the name of the write that was made in its place.
SELECT 1 / count(*) FROM (
  SELECT FROM checkpoints
  WHERE projection_name = $1 AND edition = $2 AND id = $3 AND generation = $4 AND epoch <= $5 AND last_write = $6
  FOR UPDATE
) AS as_known
