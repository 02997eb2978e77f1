-- Where idempotency keys have been used behind the position up to which their callers have looked.
SELECT wanted.place, taken.position
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS wanted (idem_list, looked, place)
CROSS JOIN LATERAL (
  SELECT position FROM events
  WHERE events.idem_list = wanted.idem_list AND events.position > wanted.looked
  ORDER BY position LIMIT 1
) AS taken
