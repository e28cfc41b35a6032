"""The kubeconfig of a sandbox. Pure: the values in, the YAML text out."""

import base64
from typing import Any

import yaml

from kubectl_ipvs.sandbox.certificates.pki import Identity


def kubeconfig_text(url: str, ca: str, user: str, credential: str | Identity) -> str:
    """Return a kubeconfig with one cluster, one user and one context, all of it inline."""
    if isinstance(credential, str):
        login: dict[str, Any] = {"token": credential}
    else:
        login = {
            "client-certificate-data": _base64(credential.certificate),
            "client-key-data": _base64(credential.key),
        }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": {"server": url, "certificate-authority-data": _base64(ca)}}],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user}}],
        "current-context": "sandbox",
    }
    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # libyaml's where it is: twenty times as fast
    text: str = yaml.dump(config, Dumper=dumper, sort_keys=False)
    return text


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
