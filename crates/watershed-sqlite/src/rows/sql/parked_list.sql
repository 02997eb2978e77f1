SELECT tenant, key, position, waiting, error, fingerprint, since, attempts
FROM parked
WHERE table_name = ?1
