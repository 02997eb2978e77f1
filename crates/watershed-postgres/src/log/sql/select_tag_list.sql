SELECT tag, position FROM event_tags WHERE (tag, position) > ($1, $2) ORDER BY tag, position LIMIT $3
