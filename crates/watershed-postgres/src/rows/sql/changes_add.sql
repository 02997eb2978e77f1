INSERT INTO changes (projection, number, link, generation, at, table_name, tenant, key, position, revision, state, before)
SELECT $1, number, link, $2, $3, table_name, tenant, key, position, revision, state, before
FROM unnest($4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::smallint[], $12::text[])
  AS new (number, link, table_name, tenant, key, position, revision, state, before)
