SELECT run, state, level, after, until, records, fences, filter, checksum FROM runs ORDER BY after, until
