SELECT table_name, load FROM leftovers ORDER BY table_name
