SELECT
  position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
  traceparent, tags, idem_key, fingerprint, follows, key_id, checksum, link, stream_key, idem_list
FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3
