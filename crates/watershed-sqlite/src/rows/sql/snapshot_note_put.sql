INSERT INTO _snapshot (note) VALUES (?1)
