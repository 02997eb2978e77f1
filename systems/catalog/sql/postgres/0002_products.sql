CREATE TABLE products (
  tenant       text NOT NULL,
  product_id   text NOT NULL,
  version      bigint NOT NULL DEFAULT 0,
  sku          text NOT NULL CHECK (sku <> ''),
  name         text NOT NULL CHECK (name <> ''),
  description  text,
  price        numeric(13, 4) NOT NULL CHECK (price > 0),
  category_id  text NOT NULL,
  status       text NOT NULL CHECK (status IN ('listed', 'retired')),
  created_at   timestamptz NOT NULL,
  retired_at   timestamptz,
  PRIMARY KEY (tenant, product_id),
  FOREIGN KEY (tenant, category_id) REFERENCES categories (tenant, category_id),
  CHECK ((status = 'retired') = (retired_at IS NOT NULL))
);
