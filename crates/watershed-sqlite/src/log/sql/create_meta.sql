-- Which log this is. One row. The checksum is over the other columns, so that a flipped bit does not make it another log.
CREATE TABLE meta (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  format   INTEGER NOT NULL,
  log      BLOB NOT NULL,
  epoch    INTEGER NOT NULL,
  checksum INTEGER NOT NULL
)
