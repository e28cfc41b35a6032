"""-o json and -o yaml: the documented, stable schema `kubectl-ipvs/v1`. The same facts as the tables, untouched.

Both write non-ASCII and control characters as escapes, so that they are safe on a terminal and lossless in a file.
"""

import json
from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.proxy.checks.findings import Finding

API_VERSION = "kubectl-ipvs/v1"


def document(kind: str, content: Mapping[str, Any], form: str) -> str:
    """Write a document of `kind` as `json` or `yaml`."""
    whole = {"apiVersion": API_VERSION, "kind": kind, **content}
    if form == "json":
        return json.dumps(whole, indent=2).replace("\x7f", "\\u007f") + "\n"  # json leaves DEL as it is
    import yaml

    text: str = yaml.safe_dump(whole, sort_keys=False, default_flow_style=False, allow_unicode=False)
    return text


def finding(entry: Finding) -> dict[str, Any]:
    """Return a finding as every document has it."""
    return {
        "code": entry.code,
        "severity": entry.severity,
        "reason": entry.reason,
        "hint": entry.hint,
        "forcible": entry.forcible,
        "nodes": list(entry.nodes),
    }
