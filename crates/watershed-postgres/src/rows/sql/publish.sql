UPDATE checkpoints SET published = true WHERE projection_name = $1 AND edition = $2
