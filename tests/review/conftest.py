"""The fixtures of the sandbox tests: `sandbox` starts a simulated cluster, `ipvs` is the real entry point."""

from tests.sandbox.conftest import ipvs, sandbox

__all__ = ["ipvs", "sandbox"]
