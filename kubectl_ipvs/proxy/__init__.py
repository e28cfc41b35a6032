"""kube-proxy's configuration, pure: where it lives, what its fields mean, the byte-exact edit, what a node's table says."""
