CREATE TABLE products (
  tenant       TEXT NOT NULL,
  product_id   TEXT NOT NULL,
  version      INTEGER NOT NULL DEFAULT 0,
  sku          TEXT NOT NULL CHECK (sku <> ''),
  name         TEXT NOT NULL CHECK (name <> ''),
  description  TEXT,
  price        TEXT NOT NULL CHECK (CAST(price AS REAL) > 0),
  category_id  TEXT NOT NULL,
  status       TEXT NOT NULL CHECK (status IN ('listed', 'retired')),
  created_at   INTEGER NOT NULL,
  retired_at   INTEGER,
  PRIMARY KEY (tenant, product_id),
  FOREIGN KEY (tenant, category_id) REFERENCES categories (tenant, category_id),
  CHECK ((status = 'retired') = (retired_at IS NOT NULL))
);
