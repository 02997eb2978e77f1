INSERT INTO _state_steps (owner, number, sql) VALUES (?1, ?2, ?3)
