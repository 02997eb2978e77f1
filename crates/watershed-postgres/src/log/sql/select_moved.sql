-- The first event behind $3 that bears all of the tags $2, and one of the names $4 where there are any. The tags stand for
-- their tenant; $1 is for a boundary without tags.
SELECT min(events.position)
FROM events
WHERE events.position > $3
  AND (cardinality($4::text[]) = 0 OR events.name = ANY ($4))
  AND CASE WHEN cardinality($2::uuid[]) = 0 THEN events.tenant = $1
    ELSE events.position IN (
      SELECT position FROM event_tags WHERE tag = ANY ($2) AND position > $3
      GROUP BY position HAVING count(*) = cardinality($2)
    ) END
