SELECT DISTINCT c.projection_name
FROM checkpoints c JOIN published p ON p.projection_name = c.projection_name
WHERE c.published AND p.shown <> ALL(c.tables)
