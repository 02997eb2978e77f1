-- The events up to $2 that bear each of the tags: the first $3 of them. In the order of the tags.
SELECT ARRAY(
  SELECT position FROM event_tags WHERE event_tags.tag = wanted.tag AND position <= $2 ORDER BY position LIMIT $3
)
FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (tag, place) ORDER BY wanted.place
