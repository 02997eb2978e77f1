-- All of a tenant, with one of the names where there are any.
SELECT
  position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
  traceparent, tags, idem_key, fingerprint, follows, key_id, checksum, link
FROM events
WHERE tenant = $1 AND position > $2 AND position <= $3 AND (cardinality($4::text[]) = 0 OR name = ANY ($4))
ORDER BY position LIMIT $5
