SELECT p.table_name, p.tenant, p.key, p.position, p.waiting, p.error, p.fingerprint, p.since, p.attempts
FROM checkpoints c LEFT JOIN parked p ON p.projection = c.id
WHERE c.id = $1 AND c.generation = $2
ORDER BY p.since, p.position
