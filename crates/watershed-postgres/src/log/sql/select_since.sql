-- The log's end; the link of the event at $1; of those behind it, the first $2, the streams and versions; and which of these bear tags.
SELECT
  head.position, head.link, known.link,
  behind.streams, behind.versions, behind.positions, behind.tenants, behind.names, behind.tags
FROM log_head AS head
LEFT JOIN events AS known ON known.position = $1
CROSS JOIN LATERAL (
  SELECT
    array_agg(stream_key) AS streams,
    array_agg(version) AS versions,
    array_agg(position) FILTER (WHERE event.tags IS NOT NULL) AS positions,
    array_agg(tenant) FILTER (WHERE event.tags IS NOT NULL) AS tenants,
    array_agg(name) FILTER (WHERE event.tags IS NOT NULL) AS names,
    array_agg(event.tags) FILTER (WHERE event.tags IS NOT NULL) AS tags
  FROM (SELECT * FROM events WHERE events.position > $1 ORDER BY events.position LIMIT $2) AS event
) AS behind
