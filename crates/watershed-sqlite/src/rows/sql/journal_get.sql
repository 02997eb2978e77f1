SELECT tables, number, link, forgotten, forgotten_link, generation
FROM _journal
WHERE projection_name = ?1 AND slice = 0
