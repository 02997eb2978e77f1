INSERT INTO event_tags (tag, position) SELECT * FROM unnest($1::uuid[], $2::bigint[]) ON CONFLICT DO NOTHING
