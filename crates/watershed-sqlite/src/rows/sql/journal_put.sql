INSERT OR REPLACE INTO _journal
    (projection_name, slice, tables, number, link, forgotten, forgotten_link, generation)
VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7)
