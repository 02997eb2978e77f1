DELETE FROM parked WHERE table_name = ?1 AND tenant = ?2 AND key = ?3
