-- Where the events of a list stand: a stream, a tag, an idempotency key. One row for each merge that the list took part in.
CREATE TABLE postings (
  list      BLOB NOT NULL,
  first     INTEGER NOT NULL, -- position of the first event in this row
  last      INTEGER NOT NULL, -- position of the last
  version   INTEGER NOT NULL, -- version of the first event, for streams
  count     INTEGER NOT NULL,
  positions BLOB NOT NULL,    -- those after the first, as varints of their distances
  PRIMARY KEY (list, first)
) WITHOUT ROWID
