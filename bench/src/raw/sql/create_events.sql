-- The product's own table of events, column for column: the same rows, and nothing else.
CREATE TABLE events (
  position    INTEGER PRIMARY KEY,
  id          BLOB NOT NULL,
  tenant      TEXT NOT NULL,
  category    TEXT NOT NULL,
  stream      TEXT NOT NULL,
  version     INTEGER NOT NULL,
  name        TEXT NOT NULL,
  schema      INTEGER NOT NULL,
  payload     TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  actor       TEXT,
  correlation TEXT,
  causation   TEXT,
  traceparent TEXT,
  tags        TEXT,
  idem_key    TEXT,
  fingerprint BLOB,
  follows     INTEGER,
  key_id      TEXT,
  checksum    INTEGER NOT NULL,
  link        BLOB
)
