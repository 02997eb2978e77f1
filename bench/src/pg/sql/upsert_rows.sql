INSERT INTO rows (id, contents, position) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[])
ON CONFLICT (id) DO UPDATE SET contents = excluded.contents, position = excluded.position
