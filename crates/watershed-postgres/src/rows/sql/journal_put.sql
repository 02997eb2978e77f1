INSERT INTO journals (projection, tables, number, link, forgotten, forgotten_link, generation)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (projection) DO UPDATE SET
    tables = excluded.tables, number = excluded.number, link = excluded.link, forgotten = excluded.forgotten,
    forgotten_link = excluded.forgotten_link, generation = excluded.generation
