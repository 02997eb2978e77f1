-- A row that is changed, and the event that tells of it.
WITH saved AS (UPDATE accounts SET total = total + 1, version = version + 1 WHERE account_id = $1)
INSERT INTO events (id, stream, payload, key, fingerprint) VALUES (gen_random_uuid(), $1, $2, $3, $4)
