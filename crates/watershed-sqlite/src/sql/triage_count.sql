SELECT count(*) FROM _triage WHERE import = ?1
