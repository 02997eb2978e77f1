SELECT position, link FROM log_head
