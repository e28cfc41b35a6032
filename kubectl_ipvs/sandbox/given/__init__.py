"""A cluster as it is given: read from files, made whole, or the built-in one; values only."""
