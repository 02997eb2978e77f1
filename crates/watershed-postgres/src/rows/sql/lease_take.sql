-- Not where another node has asked for the seat; unless that one has had it since, and has lost it.
INSERT INTO leases (seat, node, epoch, until)
VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3::float8))
ON CONFLICT (seat) DO UPDATE SET node = excluded.node, epoch = leases.epoch + 1, until = excluded.until
WHERE (leases.until < clock_timestamp() OR leases.node = excluded.node)
  AND (leases.wanted IN (excluded.node, leases.node) OR leases.wanted IS NULL OR leases.wanted_until < clock_timestamp())
RETURNING epoch
