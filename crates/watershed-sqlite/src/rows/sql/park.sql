INSERT OR REPLACE INTO parked
    (table_name, tenant, key, position, waiting, error, fingerprint, since, attempts)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
