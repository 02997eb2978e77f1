SELECT version FROM events WHERE stream_key = $1 ORDER BY version DESC LIMIT 1
