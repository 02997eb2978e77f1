SELECT position, link, (SELECT epoch FROM log_meta) FROM log_head
