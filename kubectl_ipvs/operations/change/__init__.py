"""The use case of `set`, `undo` and `restart`: plan, confirm (elsewhere), write, roll out, look once more."""
