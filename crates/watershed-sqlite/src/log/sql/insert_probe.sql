INSERT INTO probe (data) VALUES (zeroblob(?1))
