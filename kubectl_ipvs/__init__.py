"""Show and change kube-proxy's IPVS scheduler, and verify it in every node's kernel."""

__version__ = "0.1.0"
