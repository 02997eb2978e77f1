SELECT table_name FROM loading
