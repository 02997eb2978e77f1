-- The events up to $2 that bear each of the tags $1, and have one of its names where there are any: the first $3 of them. In the order
-- of the tags. A tag's names are those of $4 from $5 to $6.
SELECT CASE
  WHEN wanted.last_name < wanted.first_name THEN ARRAY(
    SELECT position FROM event_tags WHERE event_tags.tag = wanted.tag AND position <= $2 ORDER BY position LIMIT $3
  )
  ELSE ARRAY(
    SELECT event_tags.position FROM event_tags JOIN events ON events.position = event_tags.position
    WHERE event_tags.tag = wanted.tag AND event_tags.position <= $2
      AND events.name = ANY (($4::text[])[wanted.first_name:wanted.last_name])
    ORDER BY event_tags.position LIMIT $3
  )
END
FROM unnest($1::uuid[], $5::integer[], $6::integer[]) WITH ORDINALITY AS wanted (tag, first_name, last_name, place)
ORDER BY wanted.place
