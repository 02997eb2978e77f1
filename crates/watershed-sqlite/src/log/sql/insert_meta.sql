INSERT INTO meta (one, format, log, epoch, checksum) VALUES (1, ?1, ?2, ?3, ?4)
