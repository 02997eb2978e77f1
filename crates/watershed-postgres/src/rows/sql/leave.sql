INSERT INTO leftovers (table_name, load) SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING
