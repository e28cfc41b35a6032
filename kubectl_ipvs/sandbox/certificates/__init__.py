"""Keys and certificates of the simulated cluster, in plain Python."""
