-- Each line once, in the order in which it came; numbers are given in that order.
INSERT INTO triage (tenant, import, hash, content, bytes, source, line, code, reason, times, since, at)
SELECT tenant, import, hash, content, bytes, source, line, code, reason, times, since, at
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[],
            $10::bigint[], $11::bigint[], $12::bigint[]) WITH ORDINALITY
  AS new (tenant, import, hash, content, bytes, source, line, code, reason, times, since, at, place)
ORDER BY place
ON CONFLICT (import, tenant, hash) DO UPDATE SET
    source = excluded.source, line = excluded.line, code = excluded.code, reason = excluded.reason,
    times = triage.times + excluded.times, at = excluded.at
RETURNING number, import, tenant, hash
