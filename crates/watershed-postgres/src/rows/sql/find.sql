SELECT id, generation, tables, version, layout, published
FROM checkpoints
WHERE projection_name = $1 AND edition = $2
