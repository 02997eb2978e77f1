UPDATE checkpoints
SET position = ?4, last_event_id = ?5, last_event_version = ?6, last_event_timestamp = ?7,
    events_processed = ?8, status = ?9, last_error = ?10, updated_date = ?11
WHERE projection_name = ?1 AND version = ?2 AND layout = ?3
