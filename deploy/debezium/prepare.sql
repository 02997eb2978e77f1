-- What Debezium needs on the server, for the context `coop`; `wal_level = logical` besides. Its password is set with `\password debezium`.
CREATE ROLE debezium LOGIN REPLICATION;
GRANT USAGE ON SCHEMA watershed_coop TO debezium;
GRANT SELECT ON watershed_coop.events TO debezium;
-- Events are inserted, and nothing else is ever done to them.
CREATE PUBLICATION watershed_coop FOR TABLE watershed_coop.events WITH (publish = 'insert');
