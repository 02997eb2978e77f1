-- One row an event, appended at the right edge. Names rather than numbers that stand for them, so that everything else can
-- be made again from this table. No index: a random one in the commit would cost a factor of three.
CREATE TABLE events (
  position    INTEGER PRIMARY KEY,
  id          BLOB NOT NULL,
  tenant      TEXT NOT NULL,
  category    TEXT NOT NULL,
  stream      TEXT NOT NULL,
  version     INTEGER NOT NULL,
  name        TEXT NOT NULL,
  schema      INTEGER NOT NULL,
  payload     TEXT NOT NULL,   -- a JSON object
  recorded_at INTEGER NOT NULL, -- microseconds since 1970
  actor       TEXT,
  correlation TEXT,
  causation   TEXT,
  traceparent TEXT,
  tags        TEXT,            -- a JSON array of name:value
  idem_key    TEXT,            -- this and the next two stand on the first event of an append
  fingerprint BLOB,
  follows     INTEGER,         -- how many events of the same append come after it
  key_id      TEXT,            -- the key that the payload is encrypted with
  checksum    INTEGER NOT NULL, -- xxh3 of all columns before it
  link        BLOB             -- on the last event of a commit: blake3 of the previous link and all events of the commit
)
