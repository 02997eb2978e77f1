-- Waits for whoever writes just now.
UPDATE checkpoints SET epoch = greatest(epoch, $3) WHERE projection_name = $1 AND edition = $2 RETURNING epoch
