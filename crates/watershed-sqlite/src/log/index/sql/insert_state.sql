INSERT OR REPLACE INTO state (one, format, log, epoch, merged, checksum) VALUES (1, ?1, ?2, ?3, ?4, ?5)
