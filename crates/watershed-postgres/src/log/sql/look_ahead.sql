-- A group that writes nothing, for a process that has seen the whole log: a row where the log's end is the one that it knows, the
-- streams are at these versions, and the keys and tags have not been used.
SELECT FROM log_head
WHERE position = $1 AND link = $2
  AND NOT EXISTS (
    SELECT FROM unnest($3::uuid[], $4::bigint[]) AS known (stream_key, version)
    WHERE known.version <> coalesce((
      SELECT version FROM events WHERE events.stream_key = known.stream_key ORDER BY version DESC LIMIT 1
    ), 0)
  )
  AND NOT EXISTS (
    SELECT FROM unnest($5::uuid[]) AS wanted (idem_list) JOIN events ON events.idem_list = wanted.idem_list
  )
  AND NOT EXISTS (
    SELECT FROM unnest($6::uuid[]) AS wanted (tag) JOIN event_tags ON event_tags.tag = wanted.tag
  )
