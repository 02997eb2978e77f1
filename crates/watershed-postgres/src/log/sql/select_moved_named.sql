-- The first event of a tenant behind $2 with one of the names $3 where there are any.
SELECT min(position) FROM events
WHERE position > $2 AND tenant = $1 AND (cardinality($3::text[]) = 0 OR name = ANY ($3))
