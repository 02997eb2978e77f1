SELECT first FROM postings WHERE list = ?1 ORDER BY first LIMIT 1
