"""The flags that several commands share, each listed once."""
