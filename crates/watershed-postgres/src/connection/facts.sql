SELECT
  getdatabaseencoding() AS encoding,
  current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS full_page_writes,
  current_setting('data_sync_retry') AS data_sync_retry,
  set_config('synchronous_commit',
    CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)
    AS synchronous_commit,
  pg_is_in_recovery() AS in_recovery,
  current_setting('default_transaction_read_only') AS read_only,
  pg_backend_pid() AS process,
  (SELECT extract(epoch FROM backend_start)::text FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS begun
