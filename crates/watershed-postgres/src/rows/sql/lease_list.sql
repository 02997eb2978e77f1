SELECT seat, node, epoch, greatest(0, extract(epoch FROM until - clock_timestamp()))::float8,
  CASE WHEN wanted_until > clock_timestamp() THEN wanted END
FROM leases ORDER BY seat
