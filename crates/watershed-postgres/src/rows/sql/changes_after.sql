SELECT number, link, generation, at, table_name, tenant, key, position, revision, state, before
FROM changes
WHERE projection = $1 AND number > $2
ORDER BY number
LIMIT $3
