CREATE TABLE inventory (
  tenant       TEXT NOT NULL,
  product_id   TEXT NOT NULL,
  warehouse    TEXT NOT NULL,
  on_hand      INTEGER NOT NULL CHECK (on_hand >= 0),
  reserved     INTEGER NOT NULL CHECK (reserved >= 0),
  PRIMARY KEY (tenant, product_id, warehouse),
  FOREIGN KEY (tenant, product_id) REFERENCES products (tenant, product_id),
  CHECK (reserved <= on_hand)
);
