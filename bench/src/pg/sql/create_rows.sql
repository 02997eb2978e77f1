CREATE TABLE rows (id uuid PRIMARY KEY, contents text, position bigint)
