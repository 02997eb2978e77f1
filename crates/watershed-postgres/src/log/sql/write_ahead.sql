-- A group in one statement, for a process that has seen the whole log: everything, or nothing where the log's end is not the one
-- that it knows ($27, $28), a stream is at another version, or a tag has been used; of a key that has been used, its index tells.
-- Where the end is still that one when its lock is held, nobody has committed since this statement began to look.
WITH head AS (
  UPDATE log_head SET position = $25, link = $26
  WHERE position = $27 AND link = $28
    AND NOT EXISTS (
      SELECT FROM unnest($29::uuid[], $30::bigint[]) AS known (stream_key, version)
      WHERE known.version <> coalesce((
        SELECT version FROM events WHERE events.stream_key = known.stream_key ORDER BY version DESC LIMIT 1
      ), 0)
    )
    AND NOT EXISTS (
      SELECT FROM unnest($31::uuid[]) AS wanted (tag) JOIN event_tags ON event_tags.tag = wanted.tag
    )
  RETURNING position
), written AS (
  INSERT INTO events (
    position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
    traceparent, tags, idem_key, fingerprint, follows, checksum, link, stream_key, idem_list
  )
  SELECT * FROM unnest(
    $1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::text[],
    $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bytea[],
    $18::bigint[], $19::bigint[], $20::bytea[], $21::uuid[], $22::uuid[]
  ) WHERE EXISTS (SELECT FROM head)
), tagged AS (
  INSERT INTO event_tags (tag, position)
  SELECT * FROM unnest($23::uuid[], $24::bigint[]) WHERE EXISTS (SELECT FROM head) ON CONFLICT DO NOTHING
)
SELECT FROM head
