DELETE FROM blocks WHERE block >= ?1 AND block < ?2
