SELECT version, meaning, state, checksum FROM snapshots WHERE list = ?1
