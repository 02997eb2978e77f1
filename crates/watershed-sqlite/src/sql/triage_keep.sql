INSERT INTO _triage (tenant, import, hash, content, bytes, source, line, code, reason, times, since, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?10)
ON CONFLICT (import, tenant, hash) DO UPDATE SET
    source = excluded.source, line = excluded.line, code = excluded.code, reason = excluded.reason,
    times = times + 1, at = excluded.at
RETURNING number
