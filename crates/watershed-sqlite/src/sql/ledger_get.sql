SELECT document FROM _ledger WHERE name = ?1
