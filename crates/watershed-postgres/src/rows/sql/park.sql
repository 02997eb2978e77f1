INSERT INTO parked (projection, table_name, key_id, tenant, key, position, waiting, error, fingerprint, since, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (projection, table_name, key_id) DO UPDATE SET
    position = excluded.position, waiting = excluded.waiting, error = excluded.error,
    fingerprint = excluded.fingerprint, since = excluded.since, attempts = excluded.attempts
