SELECT sql FROM _state_steps WHERE owner = ?1 AND number = ?2
