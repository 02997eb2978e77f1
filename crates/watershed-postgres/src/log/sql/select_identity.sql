SELECT log, epoch FROM log_meta
