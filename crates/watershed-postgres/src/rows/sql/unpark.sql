DELETE FROM parked WHERE projection = $1 AND table_name = $2 AND key_id = ANY($3)
