-- Those that are of use to people.
SELECT attname::text
FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('_id', '_shown', '_long')
ORDER BY attnum
