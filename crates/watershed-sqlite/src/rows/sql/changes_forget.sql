DELETE FROM _changes WHERE projection_name = ?1 AND slice = 0 AND number <= ?2
