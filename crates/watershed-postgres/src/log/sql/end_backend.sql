-- Ends a connection of ours that was lost, where the server still has it, and waits for its end.
SELECT pg_terminate_backend(pid, 5000)
FROM pg_stat_activity WHERE pid = $1 AND extract(epoch FROM backend_start)::text = $2
