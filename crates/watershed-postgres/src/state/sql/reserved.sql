-- What the log's own tables look like, with their columns, indexes and triggers.
WITH ours AS (SELECT to_regclass(name) AS oid FROM unnest(string_to_array($1, ',')) AS name)
SELECT string_agg(line, E'\n' ORDER BY line) FROM (
  SELECT format('%s %s %s', attrelid, attname, format_type(atttypid, atttypmod)) AS line
  FROM pg_attribute WHERE attrelid IN (SELECT oid FROM ours) AND NOT attisdropped
  UNION ALL SELECT indexrelid::text FROM pg_index WHERE indrelid IN (SELECT oid FROM ours)
  UNION ALL SELECT tgname::text FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM ours)
) AS lines
