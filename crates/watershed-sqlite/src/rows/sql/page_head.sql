SELECT position, last_event_timestamp,
       (SELECT count(*) FROM parked WHERE table_name = ?4 AND tenant = ?5)
FROM checkpoints
WHERE projection_name = ?1 AND version = ?2 AND layout = ?3
