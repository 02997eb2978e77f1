SELECT number FROM _changes
WHERE projection_name = ?1 AND slice = 0 AND number > ?2 AND number <= ?3 AND at >= ?4
ORDER BY number
LIMIT 1
