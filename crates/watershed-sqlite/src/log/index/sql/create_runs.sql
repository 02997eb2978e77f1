-- A run holds a stretch of the log's lists, sorted by list. Runs are written once, and replaced by longer ones.
CREATE TABLE runs (
  run      INTEGER PRIMARY KEY,
  state    INTEGER NOT NULL, -- 0 being written, 1 in use, 2 replaced
  level    INTEGER NOT NULL, -- how often it has been merged
  after    INTEGER NOT NULL, -- it holds the events after this position
  until    INTEGER NOT NULL, -- up to this one
  records  INTEGER NOT NULL,
  fences   BLOB NOT NULL,    -- for each of its blocks, the first half of the first list in it
  filter   BLOB NOT NULL,    -- tells most lists that are not in it
  checksum INTEGER NOT NULL
)
