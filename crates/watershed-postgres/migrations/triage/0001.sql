-- The lines that imports could not take.
CREATE TABLE triage (
  number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- never given again
  tenant  text   COLLATE "C" NOT NULL,
  import  text   COLLATE "C" NOT NULL,
  hash    bytea  NOT NULL, -- of length and content: finds the line that has come again
  content bytea  NOT NULL, -- of a line that is too long, its beginning
  bytes   bigint NOT NULL, -- of the whole line
  source  text,
  line    bigint NOT NULL,
  code    text   NOT NULL,
  reason  text   NOT NULL,
  times   bigint NOT NULL,
  since   bigint NOT NULL, -- microseconds since 1970
  at      bigint NOT NULL, -- the same, of its latest coming
  UNIQUE (import, tenant, hash)
);
CREATE INDEX triage_list ON triage (import, number);
