-- Which log this is the index of, and how far it has come. One row.
CREATE TABLE state (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  format   INTEGER NOT NULL,
  log      BLOB NOT NULL,
  epoch    INTEGER NOT NULL,
  merged   INTEGER NOT NULL, -- the position up to which every event is in the lists
  checksum INTEGER NOT NULL  -- the checksum of the event there: a log that holds another one is another log
)
