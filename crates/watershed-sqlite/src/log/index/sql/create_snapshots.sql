-- The newest snapshot of each stream.
CREATE TABLE snapshots (
  list     BLOB PRIMARY KEY,
  version  INTEGER NOT NULL,
  meaning  INTEGER NOT NULL,
  state    BLOB NOT NULL,
  checksum INTEGER NOT NULL
) WITHOUT ROWID
