-- Where each journal ends, and where what is kept of it begins.
CREATE TABLE IF NOT EXISTS _journal (
    projection_name TEXT NOT NULL,
    slice           INTEGER NOT NULL,
    tables          TEXT NOT NULL,    -- those that it is kept for, a JSON array of their names
    number          INTEGER NOT NULL, -- of the last entry
    link            INTEGER NOT NULL, -- of the last entry
    forgotten       INTEGER NOT NULL, -- entries up to this number are not kept any more
    forgotten_link  INTEGER NOT NULL, -- of the last one of these
    generation      INTEGER NOT NULL, -- how often everything has changed
    PRIMARY KEY (projection_name, slice)
) WITHOUT ROWID
