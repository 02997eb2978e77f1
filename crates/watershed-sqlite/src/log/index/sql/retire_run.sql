UPDATE runs SET state = ?2 WHERE run = ?1
