SELECT number, link, generation, at, table_name, tenant, key, position, revision, state, before
FROM _changes
WHERE projection_name = ?1 AND slice = 0 AND number > ?2
ORDER BY number
LIMIT ?3
