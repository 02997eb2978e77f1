INSERT INTO saved (name, note, views, tables, parked, checkpoint)
VALUES ($1, $2, $3, $4, $5, $6::text::json)
ON CONFLICT (name) DO UPDATE SET
    note = excluded.note, views = excluded.views, tables = excluded.tables, parked = excluded.parked,
    checkpoint = excluded.checkpoint
