-- The log: one row an event, its position given by the one row of `log_head`, whose lock orders all commits.
CREATE TABLE log_meta (
  one    boolean PRIMARY KEY DEFAULT true CHECK (one),
  log    uuid    NOT NULL,
  epoch  integer NOT NULL
);

CREATE TABLE log_head (
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint  NOT NULL,
  link     bytea   NOT NULL
);

-- Names rather than numbers that stand for them, and text rather than jsonb: the checksum is over what was written.
CREATE TABLE events (
  position    bigint  PRIMARY KEY,
  id          uuid    NOT NULL,
  tenant      text    NOT NULL,
  category    text    NOT NULL,
  stream      text    NOT NULL,
  version     bigint  NOT NULL,
  name        text    NOT NULL,
  schema      bigint  NOT NULL,
  payload     text    NOT NULL, -- a JSON object
  recorded_at bigint  NOT NULL, -- microseconds since 1970
  actor       text,
  correlation text,
  causation   text,
  traceparent text,
  tags        text,             -- a JSON array of name:value
  idem_key    text,             -- this and the next two stand on the first event of an append
  fingerprint bytea,
  follows     bigint,           -- how many events of the same append come after it
  key_id      text,             -- the key that the payload is encrypted with
  checksum    bigint  NOT NULL, -- xxh3 of all columns before it
  link        bytea,            -- on the last event of a commit: blake3 of the previous link and all events of the commit
  stream_key  uuid    NOT NULL, -- stands for tenant, category and stream: names may be longer than an index takes
  idem_list   uuid              -- stands for tenant and idem_key
);
CREATE UNIQUE INDEX events_stream ON events (stream_key, version);
CREATE UNIQUE INDEX events_idem ON events (idem_list) WHERE idem_list IS NOT NULL;

-- Which events bear a tag; `tag` stands for tenant and name:value.
CREATE TABLE event_tags (
  tag      uuid   NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (tag, position)
);

-- Aggregates' states at a version. They may be lost at any time.
CREATE TABLE snapshots (
  stream_key uuid   PRIMARY KEY,
  version    bigint NOT NULL,
  meaning    bigint NOT NULL,
  state      bytea  NOT NULL,
  checksum   bigint NOT NULL
);
