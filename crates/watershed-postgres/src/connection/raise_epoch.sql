UPDATE log_meta SET epoch = epoch + 1 WHERE epoch = $1
