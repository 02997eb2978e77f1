CREATE TABLE shelves (tenant text NOT NULL, shelf_id text NOT NULL, PRIMARY KEY (tenant, shelf_id));
INSERT INTO shelves (tenant, shelf_id) VALUES ('default', 'a'), ('acme', 'a');
CREATE TABLE "the things" (
  tenant   varchar(64) NOT NULL,
  thing_id text NOT NULL,
  version  bigint NOT NULL DEFAULT 0,
  sku      varchar(64) NOT NULL,
  shelf_id text,
  "count"  integer NOT NULL CHECK ("count" >= 0),
  price    numeric,
  weight   double precision,
  sold     boolean,
  made_at  timestamptz,
  seen_at  timestamp,
  "data"   jsonb,
  theirs   text DEFAULT 'untouched',
  PRIMARY KEY (tenant, thing_id),
  UNIQUE (tenant, sku),
  FOREIGN KEY (tenant, shelf_id) REFERENCES shelves (tenant, shelf_id)
);
CREATE TABLE parts (
  tenant   text NOT NULL,
  thing_id text NOT NULL,
  name     text NOT NULL,
  size     smallint NOT NULL,
  pieces   bigint NOT NULL,
  theirs   text DEFAULT 'untouched',
  PRIMARY KEY (tenant, thing_id, name, size),
  FOREIGN KEY (tenant, thing_id) REFERENCES "the things" (tenant, thing_id)
);
CREATE TABLE numbered (id bigint NOT NULL, version bigint NOT NULL DEFAULT 0, title text);
