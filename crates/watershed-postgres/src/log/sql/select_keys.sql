-- Where idempotency keys have been used.
SELECT wanted.place, events.position
FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (idem_list, place) JOIN events ON events.idem_list = wanted.idem_list
