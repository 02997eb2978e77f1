INSERT INTO _changes
    (projection_name, slice, number, link, generation, at, table_name, tenant, key, position, revision, state, before)
VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
