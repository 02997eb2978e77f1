-- Events and their tags, in one transaction. Positions are the caller's: it is alone.
WITH written AS (
  INSERT INTO events (position, id, stream, payload, key, fingerprint)
  SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[])
)
INSERT INTO tags (tag, position) SELECT * FROM unnest($7::uuid[], $8::bigint[])
