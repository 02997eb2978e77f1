SELECT
  position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
  traceparent, tags, idem_key, fingerprint, follows, key_id, checksum, link
FROM events WHERE stream_key = $1 AND version > $2 AND position <= $3 ORDER BY version LIMIT $4
