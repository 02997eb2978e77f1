CREATE TABLE shelves (tenant TEXT NOT NULL, shelf_id TEXT NOT NULL, PRIMARY KEY (tenant, shelf_id));
INSERT INTO shelves (tenant, shelf_id) VALUES ('default', 'a'), ('acme', 'a');
CREATE TABLE "the things" (
  tenant   TEXT NOT NULL,
  thing_id TEXT NOT NULL,
  version  INTEGER NOT NULL DEFAULT 0,
  sku      TEXT NOT NULL,
  shelf_id TEXT,
  "count"  INTEGER NOT NULL CHECK ("count" >= 0),
  price    TEXT,
  weight   REAL,
  sold     BOOLEAN,
  made_at  INTEGER,
  seen_at  TEXT,
  "data"   TEXT,
  theirs   TEXT DEFAULT 'untouched',
  PRIMARY KEY (tenant, thing_id),
  UNIQUE (tenant, sku),
  FOREIGN KEY (tenant, shelf_id) REFERENCES shelves (tenant, shelf_id)
);
CREATE TABLE parts (
  tenant   TEXT NOT NULL,
  thing_id TEXT NOT NULL,
  name     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  pieces   INTEGER NOT NULL,
  theirs   TEXT DEFAULT 'untouched',
  PRIMARY KEY (tenant, thing_id, name, size),
  FOREIGN KEY (tenant, thing_id) REFERENCES "the things" (tenant, thing_id)
);
CREATE TABLE numbered (id INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 0, title TEXT);
