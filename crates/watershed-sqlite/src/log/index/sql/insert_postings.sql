INSERT INTO postings (list, first, last, version, count, positions) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
