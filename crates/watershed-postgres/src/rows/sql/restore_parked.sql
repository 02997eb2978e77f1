INSERT INTO parked (projection, table_name, key_id, tenant, key, position, waiting, error, fingerprint, since, attempts)
SELECT $1, s.table_name, s.key_id, s.tenant, s.key, s.position, s.waiting, s.error, s.fingerprint, s.since, s.attempts
FROM json_populate_recordset(NULL::parked, $2::text::json) s
