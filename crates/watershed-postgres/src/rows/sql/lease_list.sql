SELECT seat, node, epoch, greatest(0, extract(epoch FROM until - clock_timestamp()))::float8
FROM leases ORDER BY seat
