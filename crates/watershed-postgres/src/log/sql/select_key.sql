-- The append that used an idempotency key: its first event, and the names of all of them.
SELECT first.category, first.stream, first.fingerprint, last.version, last.position,
  ARRAY(SELECT name FROM events WHERE position BETWEEN first.position AND last.position ORDER BY position)
FROM events AS first JOIN events AS last ON last.position = first.position + first.follows
WHERE first.idem_list = $1
