INSERT INTO blocks (block, data) VALUES (?1, ?2)
