CREATE TABLE events (position bigserial PRIMARY KEY, id uuid, stream text, payload text, key text, fingerprint bytea)
