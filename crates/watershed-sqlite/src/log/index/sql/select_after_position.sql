SELECT first, version, positions FROM postings WHERE list = ?1 AND last > ?2 ORDER BY first
