-- The rows of read models: which tables they stand in, how far they have come, what is parked, and what has changed.
CREATE SEQUENCE loads; -- a number for each time that tables are made

-- A group's edition: its tables, and its checkpoint, whose row's lock orders all of its writes.
CREATE TABLE checkpoints (
  id                   bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  projection_name      text    COLLATE "C" NOT NULL,
  edition              bigint  NOT NULL,
  position             bigint  NOT NULL DEFAULT 0,
  last_event_id        uuid,
  last_event_version   bigint  NOT NULL DEFAULT 0,
  last_event_timestamp bigint,           -- microseconds since 1970
  events_processed     bigint  NOT NULL DEFAULT 0,
  status               text    NOT NULL DEFAULT '',
  last_error           text,
  updated_date         bigint,           -- microseconds since 1970
  version              text    NOT NULL, -- of the fold and its tables
  layout               bigint  NOT NULL, -- a hash of the tables' definitions
  views                text[]  NOT NULL, -- what the tables are of
  tables               text[]  NOT NULL, -- the tables
  generation           bigint  NOT NULL, -- the number of the load that made them
  epoch                bigint  NOT NULL DEFAULT 0, -- whose turn it is to write
  last_write           uuid,             -- names the last transaction that has written
  published            boolean NOT NULL DEFAULT false,
  UNIQUE (projection_name, edition)
);
CREATE UNIQUE INDEX checkpoints_published ON checkpoints (projection_name) WHERE published;

-- `projection` is the checkpoint's id, here and below.
CREATE TABLE parked (
  projection  bigint   NOT NULL,
  table_name  text     COLLATE "C" NOT NULL,
  key_id      uuid     NOT NULL, -- stands for tenant and key: they may be longer than an index takes
  tenant      text     COLLATE "C" NOT NULL,
  key         text     COLLATE "C" NOT NULL,
  position    bigint   NOT NULL,
  waiting     bigint[] NOT NULL, -- positions, the failed one first
  error       text     NOT NULL,
  fingerprint text     NOT NULL,
  since       bigint   NOT NULL, -- microseconds since 1970
  attempts    bigint   NOT NULL,
  PRIMARY KEY (projection, table_name, key_id)
);

-- The journal: which rows have changed, numbered without a gap.
CREATE TABLE changes (
  projection bigint   NOT NULL,
  number     bigint   NOT NULL,
  link       bigint   NOT NULL, -- stands for this entry and all before it
  generation bigint   NOT NULL,
  at         bigint   NOT NULL, -- microseconds since 1970
  table_name text,              -- empty: any row may have changed
  tenant     text,
  key        text,
  position   bigint,
  revision   bigint,
  state      smallint,          -- 0 gone, 1 shown, 2 hidden
  before     text,              -- what readers saw before, a JSON array; empty where they saw no such row
  PRIMARY KEY (projection, number)
);

-- Where each journal ends, and where what is kept of it begins.
CREATE TABLE journals (
  projection     bigint PRIMARY KEY,
  tables         text[] NOT NULL, -- those that it is kept for
  number         bigint NOT NULL, -- of the last entry
  link           bigint NOT NULL, -- of the last entry
  forgotten      bigint NOT NULL, -- entries up to this number are not kept any more
  forgotten_link bigint NOT NULL, -- of the last one of these
  generation     bigint NOT NULL  -- how often everything has changed
);

-- Tables that a loader is filling, under a lock of its own as long as it lives, or that nobody needs any more.
CREATE TABLE leftovers (
  table_name text   COLLATE "C" PRIMARY KEY,
  load       bigint NOT NULL
);

-- The views that show what is published, to whoever knows nothing of editions.
CREATE TABLE published (
  view_name       text   COLLATE "C" PRIMARY KEY,
  projection_name text   COLLATE "C" NOT NULL,
  of              text   COLLATE "C" NOT NULL, -- the read model
  shown           text   NOT NULL,             -- the table that it shows
  UNIQUE (projection_name, of)
);

-- Editions that were saved, with everything but their journals.
CREATE TABLE saved (
  name       uuid   PRIMARY KEY, -- a hash of the name that they were given
  note       bytea  NOT NULL,    -- UTF-8; may hold what text may not
  views      text[] NOT NULL,
  tables     text[] NOT NULL,    -- copies
  parked     text   NOT NULL,    -- rows of `parked`, a JSON array
  checkpoint json   NOT NULL     -- a row of `checkpoints`
);

-- The processes that share the rows, and which of them keeps what.
CREATE TABLE nodes (
  name  text        COLLATE "C" PRIMARY KEY,
  heard timestamptz NOT NULL
);

CREATE TABLE leases (
  seat  text        COLLATE "C" PRIMARY KEY,
  node  text        COLLATE "C" NOT NULL,
  epoch bigint      NOT NULL, -- how often the seat has been taken
  until timestamptz NOT NULL,
  wanted       text COLLATE "C", -- who has asked for it
  wanted_until timestamptz
);
