-- The steps of contexts' own tables that have been run. A step is run once; its text stays what it was.
CREATE TABLE IF NOT EXISTS _state_steps (
  owner   TEXT NOT NULL,     -- the context
  number  INTEGER NOT NULL,
  sql     TEXT NOT NULL,
  made_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (owner, number)
)
