SELECT position, stream, version, name, payload FROM events ORDER BY position
