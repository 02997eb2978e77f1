-- The events of a group, their tags, and the new head: one statement, so that there is no part of it.
WITH written AS (
  INSERT INTO events (
    position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
    traceparent, tags, idem_key, fingerprint, follows, checksum, link, stream_key, idem_list
  )
  SELECT * FROM unnest(
    $1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::text[],
    $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bytea[],
    $18::bigint[], $19::bigint[], $20::bytea[], $21::uuid[], $22::uuid[]
  )
), tagged AS (
  INSERT INTO event_tags (tag, position) SELECT * FROM unnest($23::uuid[], $24::bigint[]) ON CONFLICT DO NOTHING
)
UPDATE log_head SET position = $25, link = $26
