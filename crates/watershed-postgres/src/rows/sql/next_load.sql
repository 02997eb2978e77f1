SELECT nextval('loads')
