SELECT data FROM blocks WHERE block = ?1
