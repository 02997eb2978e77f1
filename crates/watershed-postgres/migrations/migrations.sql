-- Which migrations the tables have been through, part by part. `oldest` is the lowest number that a program must know to work
-- with the tables as they are from this migration on.
CREATE TABLE IF NOT EXISTS migrations (
  part   text        NOT NULL,
  number integer     NOT NULL,
  oldest integer     NOT NULL,
  at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (part, number)
);
