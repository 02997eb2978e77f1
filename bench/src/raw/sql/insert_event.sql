INSERT INTO events (
  position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
  traceparent, tags, idem_key, fingerprint, follows, key_id, checksum, link
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL, NULL, NULL, NULL, NULL, ?11, ?12, NULL, NULL, ?13, ?14)
