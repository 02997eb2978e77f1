DELETE FROM changes WHERE projection = $1 AND number <= $2
