UPDATE log_head SET position = $1, link = $2
