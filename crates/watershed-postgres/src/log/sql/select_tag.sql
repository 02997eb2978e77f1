SELECT min(position) FROM event_tags WHERE tag = $1
