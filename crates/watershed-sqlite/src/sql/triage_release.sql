DELETE FROM _triage WHERE import = ?1 AND number = ?2
