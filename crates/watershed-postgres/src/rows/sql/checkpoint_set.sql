UPDATE checkpoints
SET position = $3, last_event_id = $4, last_event_version = $5, last_event_timestamp = $6,
    events_processed = $7, status = $8, last_error = $9, updated_date = $10, last_write = $11
WHERE id = $1 AND generation = $2
