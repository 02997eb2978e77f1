-- Behind the events of a group: their tags, and the new head.
WITH tagged AS (
  INSERT INTO event_tags (tag, position) SELECT * FROM unnest($1::uuid[], $2::bigint[]) ON CONFLICT DO NOTHING
)
UPDATE log_head SET position = $3, link = $4
