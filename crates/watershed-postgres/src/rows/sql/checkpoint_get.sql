SELECT position, last_event_id, last_event_version, last_event_timestamp, events_processed, status, last_error, updated_date
FROM checkpoints
WHERE id = $1 AND generation = $2
