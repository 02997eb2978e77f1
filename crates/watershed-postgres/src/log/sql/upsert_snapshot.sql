INSERT INTO snapshots (stream_key, version, meaning, state, checksum) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (stream_key) DO UPDATE
SET version = excluded.version, meaning = excluded.meaning, state = excluded.state, checksum = excluded.checksum
WHERE snapshots.version <= excluded.version
