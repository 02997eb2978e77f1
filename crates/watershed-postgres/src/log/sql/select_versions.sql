-- The versions of streams; no row for one without events.
SELECT wanted.place, newest.version
FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (stream_key, place)
CROSS JOIN LATERAL (
  SELECT version FROM events WHERE events.stream_key = wanted.stream_key ORDER BY version DESC LIMIT 1
) AS newest
