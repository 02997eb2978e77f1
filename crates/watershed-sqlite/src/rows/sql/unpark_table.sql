DELETE FROM parked WHERE table_name = ?1
