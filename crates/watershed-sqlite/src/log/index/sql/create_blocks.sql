-- The blocks of all runs. A block fits a page, and ends with its checksum.
CREATE TABLE blocks (
  block INTEGER PRIMARY KEY, -- the run's number and the block's within it
  data  BLOB NOT NULL
)
