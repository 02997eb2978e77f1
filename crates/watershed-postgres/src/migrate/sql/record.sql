INSERT INTO migrations (part, number, oldest) VALUES ($1, $2, $3)
