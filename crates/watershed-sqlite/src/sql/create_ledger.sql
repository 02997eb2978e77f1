CREATE TABLE IF NOT EXISTS _ledger (
    name       TEXT PRIMARY KEY,
    document   TEXT NOT NULL, -- JSON
    written_at INTEGER NOT NULL -- microseconds since 1970
) WITHOUT ROWID
