SELECT
  position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
  traceparent, tags, idem_key, fingerprint, follows, key_id, checksum, link
FROM events WHERE position = ANY ($1::bigint[]) ORDER BY position
