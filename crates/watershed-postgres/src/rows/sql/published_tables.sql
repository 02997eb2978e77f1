SELECT unnest(views), unnest(tables) FROM checkpoints WHERE projection_name = $1 AND published
