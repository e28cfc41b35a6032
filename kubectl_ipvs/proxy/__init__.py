"""kube-proxy's configuration, pure: where it lives, what its fields mean, the byte-exact edit, a node's state."""
