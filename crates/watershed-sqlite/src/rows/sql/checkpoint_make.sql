INSERT OR REPLACE INTO checkpoints (projection_name, version, layout, tables, generation)
VALUES (?1, ?2, ?3, ?4, ?5)
