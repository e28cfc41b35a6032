"""Restarts kube-proxy node by node: which nodes may start, how a node is moved, how it is verified."""
