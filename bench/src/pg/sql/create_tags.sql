CREATE TABLE tags (tag uuid, position bigint, PRIMARY KEY (tag, position))
