DELETE FROM parked WHERE projection = $1
