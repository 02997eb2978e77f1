CREATE TABLE rows (
  tenant TEXT NOT NULL,
  key    TEXT NOT NULL,
  body   TEXT NOT NULL,
  PRIMARY KEY (tenant, key)
) WITHOUT ROWID
