-- The columns of a table: what each is, and what a text has to be made for it. Without its length, or what is too long would be
-- cut instead of refused.
SELECT attname::text,
       CASE WHEN type.typname = 'bpchar' THEN 'bpchar' ELSE format_type(atttypid, NULL) END,
       coalesce(base.typname, type.typname)::text,
       coalesce(base.typtype, type.typtype)::text
FROM pg_attribute
JOIN pg_type type ON type.oid = atttypid
LEFT JOIN pg_type base ON base.oid = nullif(type.typbasetype, 0)
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
