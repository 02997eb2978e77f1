INSERT INTO snapshots (list, version, meaning, state, checksum) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (list) DO UPDATE SET
  version = excluded.version, meaning = excluded.meaning, state = excluded.state, checksum = excluded.checksum
WHERE excluded.version >= version
