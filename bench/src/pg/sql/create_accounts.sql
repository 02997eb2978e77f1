CREATE TABLE accounts (account_id text PRIMARY KEY, total bigint NOT NULL, version bigint NOT NULL)
