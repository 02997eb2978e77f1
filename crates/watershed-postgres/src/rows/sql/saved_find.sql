SELECT c.id, c.views, c.tables, row_to_json(c)::text,
       (SELECT coalesce(json_agg(p), '[]')::text FROM parked p WHERE p.projection = c.id)
FROM checkpoints c
WHERE projection_name = $1 AND edition = $2
