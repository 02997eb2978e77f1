SELECT note FROM _snapshot
