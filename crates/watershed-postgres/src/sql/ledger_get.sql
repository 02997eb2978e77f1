SELECT document FROM ledger WHERE name = $1
