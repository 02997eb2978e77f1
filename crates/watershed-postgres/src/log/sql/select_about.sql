SELECT
  current_setting('server_version'),
  (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()),
  inet_client_addr() IS NULL OR inet_client_addr() = inet_server_addr(),
  current_setting('synchronous_commit'),
  current_setting('synchronous_standby_names')
