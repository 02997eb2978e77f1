-- The count stands in every row; the one row of an import that has no such line has nothing but the count.
SELECT c.total, t.number, t.tenant, substr(t.content, 1, $4), t.bytes, t.source, t.line, t.code, t.reason, t.times, t.since, t.at
FROM (SELECT count(*) AS total FROM triage WHERE import = $1) AS c
LEFT JOIN (SELECT * FROM triage WHERE import = $1 AND number > $2 ORDER BY number LIMIT $3) AS t ON TRUE
ORDER BY t.number
