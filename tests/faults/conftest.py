"""Faults are tested as commands are: a sandbox, and the real entry point called in this process."""

from tests.sandbox.conftest import ipvs, sandbox

__all__ = ["ipvs", "sandbox"]
