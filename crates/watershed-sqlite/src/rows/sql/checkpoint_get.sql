SELECT position, last_event_id, last_event_version, last_event_timestamp,
       events_processed, status, last_error, updated_date
FROM checkpoints
WHERE projection_name = ?1 AND version = ?2 AND layout = ?3
