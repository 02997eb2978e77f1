DELETE FROM triage WHERE import = $1 AND number = $2
