"""Every node's table against what kube-proxy makes of Services and EndpointSlices."""
