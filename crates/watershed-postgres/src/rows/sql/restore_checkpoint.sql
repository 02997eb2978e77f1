INSERT INTO checkpoints (projection_name, edition, position, last_event_id, last_event_version, last_event_timestamp,
    events_processed, status, last_error, updated_date, version, layout, views, tables, generation)
SELECT $1, $2, s.position, s.last_event_id, s.last_event_version, s.last_event_timestamp,
    s.events_processed, s.status, s.last_error, s.updated_date, s.version, s.layout, s.views, $3, $4
FROM json_populate_record(NULL::checkpoints, $5::text::json) s
RETURNING id
