INSERT INTO events (id, stream, payload, key, fingerprint) VALUES (gen_random_uuid(), $1, $2, $3, $4)
