-- A checkpoint of 0 over new tables. The epoch, and whether the edition is published, stay.
INSERT INTO checkpoints (projection_name, edition, version, layout, views, tables, generation)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (projection_name, edition) DO UPDATE SET
    position = 0, last_event_id = NULL, last_event_version = 0, last_event_timestamp = NULL, events_processed = 0,
    status = '', last_error = NULL, updated_date = NULL, version = excluded.version, layout = excluded.layout,
    views = excluded.views, tables = excluded.tables, generation = excluded.generation
RETURNING id
