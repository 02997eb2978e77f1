SELECT checksum FROM events WHERE position = ?1
