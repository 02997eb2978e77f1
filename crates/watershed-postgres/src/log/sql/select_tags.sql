-- The first events that bear tags; no row for a tag that none bears.
SELECT wanted.place, first.position
FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (tag, place)
CROSS JOIN LATERAL (
  SELECT position FROM event_tags WHERE event_tags.tag = wanted.tag ORDER BY position LIMIT 1
) AS first
