-- The steps of contexts' own tables that have been run. A step is run once; its text stays what it was.
CREATE TABLE IF NOT EXISTS state_steps (
  owner   text NOT NULL, -- the context
  number  integer NOT NULL,
  sql     text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, number)
)
