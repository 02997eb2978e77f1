UPDATE _ledger SET document = ?2, written_at = ?3 WHERE name = ?1 AND document IN (?2, ?4)
