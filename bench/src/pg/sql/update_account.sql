UPDATE accounts SET total = total + 1, version = version + 1 WHERE account_id = $1
