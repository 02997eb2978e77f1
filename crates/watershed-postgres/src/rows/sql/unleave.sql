DELETE FROM leftovers WHERE table_name = ANY($1)
