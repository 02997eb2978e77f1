DELETE FROM _journal WHERE projection_name = ?1
