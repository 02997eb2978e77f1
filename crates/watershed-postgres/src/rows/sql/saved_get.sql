SELECT note, views, tables, parked, checkpoint::text FROM saved WHERE name = $1
