"""One command a file: its flags and its help; what it does is in operations."""
