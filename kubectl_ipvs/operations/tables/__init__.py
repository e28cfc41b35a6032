"""A node's IPVS table, read through its kube-proxy pod."""
