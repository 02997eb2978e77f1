CREATE TABLE IF NOT EXISTS checkpoints (
    projection_name      TEXT PRIMARY KEY,
    position             INTEGER NOT NULL DEFAULT 0,
    last_event_id        TEXT,
    last_event_version   INTEGER NOT NULL DEFAULT 0,
    last_event_timestamp INTEGER,          -- microseconds since 1970
    events_processed     INTEGER NOT NULL DEFAULT 0,
    status               TEXT NOT NULL DEFAULT '',
    last_error           TEXT,
    updated_date         INTEGER,          -- microseconds since 1970
    version              TEXT NOT NULL,    -- of the fold and its tables
    layout               INTEGER NOT NULL, -- a hash of the tables' definitions
    tables               TEXT NOT NULL,    -- the names of the tables, a JSON array
    generation           INTEGER NOT NULL DEFAULT 0 -- how often the tables have been loaded
) WITHOUT ROWID
