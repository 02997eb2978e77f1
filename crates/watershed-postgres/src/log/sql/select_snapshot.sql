SELECT version, meaning, state, checksum FROM snapshots WHERE stream_key = $1
