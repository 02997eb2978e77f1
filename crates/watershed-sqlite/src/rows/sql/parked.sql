CREATE TABLE IF NOT EXISTS parked (
    table_name  TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    key         TEXT NOT NULL,
    position    INTEGER NOT NULL,
    waiting     TEXT NOT NULL,    -- positions, a JSON array, the failed one first
    error       TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    since       INTEGER NOT NULL, -- microseconds since 1970
    attempts    INTEGER NOT NULL,
    PRIMARY KEY (table_name, tenant, key)
) WITHOUT ROWID
