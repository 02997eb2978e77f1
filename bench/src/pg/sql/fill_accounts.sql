INSERT INTO accounts SELECT 'family-' || lpad(number::text, 6, '0'), 0, 0 FROM generate_series(0, $1::bigint - 1) AS number
