CREATE TABLE inventory (
  tenant       text NOT NULL,
  product_id   text NOT NULL,
  warehouse    text NOT NULL,
  on_hand      bigint NOT NULL CHECK (on_hand >= 0),
  reserved     bigint NOT NULL CHECK (reserved >= 0),
  PRIMARY KEY (tenant, product_id, warehouse),
  FOREIGN KEY (tenant, product_id) REFERENCES products (tenant, product_id),
  CHECK (reserved <= on_hand)
);
