"""See and change the IPVS scheduler of kube-proxy, and prove it on every node."""

__version__ = "0.1.0"
