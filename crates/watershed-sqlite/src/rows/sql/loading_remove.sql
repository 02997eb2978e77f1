DELETE FROM loading WHERE table_name = ?1
