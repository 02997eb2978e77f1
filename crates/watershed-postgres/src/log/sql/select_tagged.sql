-- What bears all of the tags, and one of the names where there are any.
SELECT
  position, id, tenant, category, stream, version, name, schema, payload, recorded_at, actor, correlation, causation,
  traceparent, tags, idem_key, fingerprint, follows, key_id, checksum, link
FROM events
WHERE position IN (
  SELECT position FROM event_tags WHERE tag = ANY ($1::uuid[]) AND position > $2 AND position <= $3
  GROUP BY position HAVING count(*) = cardinality($1::uuid[])
) AND (cardinality($4::text[]) = 0 OR name = ANY ($4))
ORDER BY position LIMIT $5
