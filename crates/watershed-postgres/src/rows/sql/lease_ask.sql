UPDATE leases SET wanted = $2, wanted_until = clock_timestamp() + make_interval(secs => $3::float8) WHERE seat = $1
