-- Behind what is written: the session is set as it was ($1, $2), and the transaction holds the log's head for no longer than $4: by
-- those of the settings $3 that the server knows, where nothing stricter is set.
SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS setting (name, value)
UNION ALL
SELECT set_config(name, $4::text, true) FROM unnest($3::text[]) AS bound (name)
WHERE current_setting(name, true)::interval = '0' OR current_setting(name, true)::interval > $4::text::interval
