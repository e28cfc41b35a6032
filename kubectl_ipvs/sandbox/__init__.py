"""A simulated cluster in one process: HTTPS API server, nodes, kube-proxies and their kernels.

It is what a newcomer tries first and what most tests run against. It shares no parsing code with the plugin.
"""

from kubectl_ipvs.sandbox.box import Sandbox
from kubectl_ipvs.sandbox.options import Options
from kubectl_ipvs.sandbox.serving import Seen

__all__ = ["Options", "Sandbox", "Seen"]
