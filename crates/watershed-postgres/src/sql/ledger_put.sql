INSERT INTO ledger (name, document, written_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET document = excluded.document, written_at = excluded.written_at
