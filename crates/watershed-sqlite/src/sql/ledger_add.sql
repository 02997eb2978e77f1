INSERT INTO _ledger (name, document, written_at) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET written_at = excluded.written_at WHERE document = excluded.document
