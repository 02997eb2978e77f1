-- Tables that a loader is filling. What is named here when the file is opened is a leftover.
CREATE TABLE IF NOT EXISTS loading (
    table_name TEXT PRIMARY KEY
) WITHOUT ROWID
