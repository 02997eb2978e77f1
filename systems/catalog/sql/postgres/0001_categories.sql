CREATE TABLE categories (
  tenant       text NOT NULL,
  category_id  text NOT NULL,
  version      bigint NOT NULL DEFAULT 0,
  name         text NOT NULL CHECK (name <> ''),
  status       text NOT NULL CHECK (status IN ('active', 'retired')),
  PRIMARY KEY (tenant, category_id)
);
