CREATE TABLE IF NOT EXISTS _triage (
    number  INTEGER PRIMARY KEY AUTOINCREMENT, -- never given again
    tenant  TEXT NOT NULL,
    import  TEXT NOT NULL,
    hash    BLOB NOT NULL,    -- of length and content: finds the line that has come again
    content BLOB NOT NULL,    -- of a line that is too long, its beginning
    bytes   INTEGER NOT NULL, -- of the whole line
    source  TEXT,
    line    INTEGER NOT NULL,
    code    TEXT NOT NULL,
    reason  TEXT NOT NULL,
    times   INTEGER NOT NULL,
    since   INTEGER NOT NULL, -- microseconds since 1970
    at      INTEGER NOT NULL, -- the same, of its latest coming
    UNIQUE (import, tenant, hash)
)
