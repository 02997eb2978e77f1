-- Spilled into the write-ahead log and rolled back: the log file keeps the size, the database sees nothing of it.
INSERT INTO events
  (position, id, tenant, category, stream, version, name, schema, payload, recorded_at, checksum)
VALUES (?1, zeroblob(?2), '', '', '', 0, '', 0, '', 0, 0)
