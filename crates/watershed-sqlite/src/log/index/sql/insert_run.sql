INSERT OR REPLACE INTO runs (run, state, level, after, until, records, fences, filter, checksum)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
