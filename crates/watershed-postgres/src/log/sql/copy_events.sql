COPY events (
  position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
  traceparent, tags, idem_key, fingerprint, follows, checksum, link, stream_key, idem_list
) FROM STDIN (FORMAT binary)
