SELECT number, tenant, coalesce(substr(content, 1, ?4), x''), bytes, source, line, code, reason, times, since, at
FROM _triage WHERE import = ?1 AND number > ?2 ORDER BY number LIMIT ?3
