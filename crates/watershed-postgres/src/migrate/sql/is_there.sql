-- By the catalogue's rows rather than `to_regclass`: that takes no lock, and so does not hear of what was made while this
-- transaction waited for its turn.
SELECT EXISTS (
  SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = $1 AND relname = 'migrations'
)
