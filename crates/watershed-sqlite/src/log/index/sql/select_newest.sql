SELECT version + count - 1, last FROM postings WHERE list = ?1 ORDER BY first DESC LIMIT 1
