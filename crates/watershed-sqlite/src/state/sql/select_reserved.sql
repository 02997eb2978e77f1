-- What the log needs itself, with every index and trigger on it.
SELECT group_concat(type || ' ' || name || ' ' || coalesce(sql, ''), char(10))
FROM (
  SELECT type, name, sql FROM sqlite_schema
  WHERE tbl_name COLLATE NOCASE IN (SELECT value FROM json_each(?1))
  ORDER BY type, name
)
