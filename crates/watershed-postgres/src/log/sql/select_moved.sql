-- For each condition, the first event behind its position that bears all of its tags, and one of its names where there are any; no
-- row where there is none. A condition's tags are those of $3 from $4 to $5, its names those of $6 from $7 to $8.
SELECT asked.place, moved.position
FROM unnest($1::bigint[], $2::bigint[], $4::integer[], $5::integer[], $7::integer[], $8::integer[])
  AS asked (place, after, first_tag, last_tag, first_name, last_name)
CROSS JOIN LATERAL (
  SELECT candidate.position FROM event_tags AS candidate
  WHERE candidate.tag = ($3::uuid[])[asked.first_tag] AND candidate.position > asked.after
    AND NOT EXISTS (
      SELECT FROM unnest(($3::uuid[])[asked.first_tag + 1:asked.last_tag]) AS other (tag)
      WHERE NOT EXISTS (
        SELECT FROM event_tags WHERE event_tags.tag = other.tag AND event_tags.position = candidate.position
      )
    )
    AND (asked.last_name < asked.first_name OR EXISTS (
      SELECT FROM events
      WHERE events.position = candidate.position
        AND events.name = ANY (($6::text[])[asked.first_name:asked.last_name])
    ))
  ORDER BY candidate.position LIMIT 1
) AS moved
