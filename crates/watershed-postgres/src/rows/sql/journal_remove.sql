DELETE FROM journals WHERE projection = $1
