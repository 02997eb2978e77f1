SELECT version, layout, tables, generation FROM checkpoints WHERE projection_name = ?1
