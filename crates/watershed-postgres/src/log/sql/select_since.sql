-- The log's end; and the event at $1 with those behind it, the first $2 of them. One row without an event where there are none.
SELECT
  head.position, head.link, event.position, event.link, event.tenant, event.name, event.stream_key, event.version, event.tags
FROM log_head AS head
LEFT JOIN LATERAL (SELECT * FROM events WHERE events.position >= $1 ORDER BY events.position LIMIT $2) AS event ON true
ORDER BY event.position
