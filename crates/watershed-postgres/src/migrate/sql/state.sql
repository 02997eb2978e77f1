SELECT part, max(number), max(oldest) FROM migrations GROUP BY part
