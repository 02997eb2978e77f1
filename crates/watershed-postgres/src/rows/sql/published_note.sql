INSERT INTO published (view_name, projection_name, of, shown) VALUES ($1, $2, $3, $4)
ON CONFLICT (view_name) DO UPDATE SET shown = excluded.shown
