SELECT name, greatest(0, extract(epoch FROM clock_timestamp() - heard))::float8 FROM nodes ORDER BY name
