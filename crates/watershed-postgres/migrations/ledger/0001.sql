-- What operators have decided.
CREATE TABLE ledger (
  name       bytea  PRIMARY KEY, -- UTF-8, here and in the document: text may hold everything but NUL
  document   bytea  NOT NULL,
  written_at bigint NOT NULL     -- microseconds since 1970
);
