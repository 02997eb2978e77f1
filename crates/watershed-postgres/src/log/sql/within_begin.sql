-- What a transaction of a user's own is, and how its session is set. From here on it commits durably, and does not stand still for
-- longer than $2, where nothing stricter is set.
SELECT
  current_setting('transaction_isolation'),
  current_setting('transaction_read_only') = 'on',
  (SELECT log FROM {schema}.log_meta),
  pg_backend_pid(),
  ARRAY(
    SELECT current_setting(name) FROM unnest($1::text[]) WITH ORDINALITY AS setting (name, place) ORDER BY place
  ),
  CASE WHEN current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
    THEN set_config('synchronous_commit', 'on', true) END,
  CASE WHEN current_setting('idle_in_transaction_session_timeout')::interval = '0'
      OR current_setting('idle_in_transaction_session_timeout')::interval > $2::text::interval
    THEN set_config('idle_in_transaction_session_timeout', $2::text, true) END
