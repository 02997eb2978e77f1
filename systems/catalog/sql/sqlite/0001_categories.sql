CREATE TABLE categories (
  tenant       TEXT NOT NULL,
  category_id  TEXT NOT NULL,
  version      INTEGER NOT NULL DEFAULT 0,
  name         TEXT NOT NULL CHECK (name <> ''),
  status       TEXT NOT NULL CHECK (status IN ('active', 'retired')),
  PRIMARY KEY (tenant, category_id)
);
