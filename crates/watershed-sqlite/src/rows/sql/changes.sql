-- The journal: which rows have changed, numbered without a gap.
CREATE TABLE IF NOT EXISTS _changes (
    projection_name TEXT NOT NULL,
    slice           INTEGER NOT NULL,
    number          INTEGER NOT NULL,
    link            INTEGER NOT NULL, -- stands for this entry and all before it
    generation      INTEGER NOT NULL,
    at              INTEGER NOT NULL, -- microseconds since 1970
    table_name      TEXT,             -- empty: any row may have changed
    tenant          TEXT,
    key             TEXT,
    position        INTEGER,
    revision        INTEGER,
    state           INTEGER,          -- 0 gone, 1 shown, 2 hidden
    before          TEXT,             -- what readers saw before, a JSON array; empty where they saw no such row
    PRIMARY KEY (projection_name, slice, number)
) WITHOUT ROWID
