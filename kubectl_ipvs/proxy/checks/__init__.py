"""What speaks against a change, or must be known before it: findings with codes, from facts alone."""
