"""Services and EndpointSlices, pure: names, the table that kube-proxy makes of them, what a real one differs in."""
