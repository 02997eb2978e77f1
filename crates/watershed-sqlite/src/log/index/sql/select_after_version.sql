SELECT first, version, positions FROM postings WHERE list = ?1 AND version + count > ?2 + 1 ORDER BY first
