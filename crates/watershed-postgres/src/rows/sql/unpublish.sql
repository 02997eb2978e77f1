UPDATE checkpoints SET published = false WHERE projection_name = $1 AND published AND edition <> $2
