SELECT link FROM events WHERE position = $1
