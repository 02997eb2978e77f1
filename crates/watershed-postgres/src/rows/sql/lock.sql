-- Whoever writes holds the row's lock until it has committed: what is read here holds until then. The commit is sent with the
-- changes, so what it hangs on is checked here.
SELECT id, generation, tables, version, layout, position
FROM checkpoints
WHERE projection_name = $1 AND edition = $2
FOR UPDATE
