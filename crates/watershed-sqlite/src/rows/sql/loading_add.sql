INSERT INTO loading (table_name) VALUES (?1)
