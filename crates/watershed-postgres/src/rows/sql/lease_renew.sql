-- The node is there, and keeps what it has; nodes that have not been heard of for long are forgotten.
WITH heard AS (
  INSERT INTO nodes (name, heard) VALUES ($1, clock_timestamp())
  ON CONFLICT (name) DO UPDATE SET heard = excluded.heard
), forgotten AS (
  DELETE FROM nodes WHERE name <> $1 AND heard < clock_timestamp() - make_interval(secs => 20 * $2::float8)
)
UPDATE leases SET until = clock_timestamp() + make_interval(secs => $2::float8)
WHERE node = $1 AND until > 'epoch'
