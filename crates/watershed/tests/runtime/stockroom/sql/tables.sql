CREATE TABLE products (
  tenant      TEXT NOT NULL,
  product_id  TEXT NOT NULL,
  version     INTEGER NOT NULL DEFAULT 0,
  sku         TEXT NOT NULL,
  unit_price  TEXT NOT NULL,
  status      TEXT NOT NULL,
  listed_at   INTEGER,
  labels      TEXT,
  notes       TEXT,
  PRIMARY KEY (tenant, product_id),
  UNIQUE (tenant, sku)
);
CREATE TABLE inventory (
  tenant      TEXT NOT NULL,
  product_id  TEXT NOT NULL,
  warehouse   TEXT NOT NULL,
  quantity    INTEGER NOT NULL CHECK (quantity >= 0),
  PRIMARY KEY (tenant, product_id, warehouse),
  FOREIGN KEY (tenant, product_id) REFERENCES products (tenant, product_id)
);
