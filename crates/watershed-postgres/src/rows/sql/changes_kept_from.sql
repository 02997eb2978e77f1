SELECT number FROM changes
WHERE projection = $1 AND number > $2 AND number <= $3 AND at >= $4
ORDER BY number
LIMIT 1
