-- Where idempotency keys have been used behind the position up to which their callers have looked. Sorted by hand: asked for the
-- lowest position, the planner may go through the events in their order.
SELECT wanted.place, taken.position
FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS wanted (idem_list, looked, place)
CROSS JOIN LATERAL (
  SELECT min(found.position) AS position
  FROM (SELECT position FROM events WHERE events.idem_list = wanted.idem_list OFFSET 0) AS found
  WHERE found.position > wanted.looked
) AS taken
WHERE taken.position IS NOT NULL
