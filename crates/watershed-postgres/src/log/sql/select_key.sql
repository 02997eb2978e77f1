-- The append that used an idempotency key: its first event, and the names of all of them.
SELECT first.category, first.stream, first.fingerprint, last.version, last.position,
  ARRAY(SELECT name FROM events WHERE position BETWEEN first.position AND last.position ORDER BY position)
FROM (
  SELECT * FROM (SELECT * FROM events WHERE idem_list = $1 OFFSET 0) AS found ORDER BY position LIMIT 1
) AS first
JOIN events AS last ON last.position = first.position + first.follows
