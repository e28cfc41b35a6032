"""kube-proxy's configuration as text and values: where it lives, what its fields mean, the byte-exact edit."""
