INSERT INTO rows (tenant, key, body) VALUES (?1, ?2, ?3)
