DELETE FROM runs WHERE run = ?1
