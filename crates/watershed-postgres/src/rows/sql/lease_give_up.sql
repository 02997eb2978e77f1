UPDATE leases SET until = 'epoch' WHERE node = $1 AND ($2::text IS NULL OR seat = $2)
