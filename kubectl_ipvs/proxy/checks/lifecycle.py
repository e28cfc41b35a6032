"""Where IPVS mode stands: deprecated in 1.35, gated in 1.37, off by default in 1.40, removed in 1.43 (KEP-5495)."""

import re

DEPRECATED, GATED, OFF, REMOVED = (1, 35), (1, 37), (1, 40), (1, 43)
PLAN = "off by default in 1.40 and removed in 1.43 (KEP-5495); nftables mode takes its place"
_TAG = re.compile(r":v?([0-9]{1,4})\.([0-9]{1,4})(\.[0-9A-Za-z.+_-]+)?(?:@|$)")
_VERSION = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})")


def version_of_image(image: str) -> str:
    """Return kube-proxy's version from its image (`.../kube-proxy:v1.34.2` -> `v1.34.2`), "" where the tag has none."""
    match = _TAG.search(image)
    return f"v{match[1]}.{match[2]}{match[3] or ''}" if match else ""


def parse_version(version: str) -> tuple[int, int] | None:
    """Return (major, minor) of `v1.34.2`, None where it is no version."""
    match = _VERSION.match(version)
    return (int(match[1]), int(match[2])) if match else None


def stage(version: str) -> str:
    """Return `supported`, `deprecated`, `gated`, `off-by-default`, `removed`, or "" for an unknown version."""
    number = parse_version(version)
    if number is None:
        return ""
    for since, name in (
        (REMOVED, "removed"),
        (OFF, "off-by-default"),
        (GATED, "gated"),
        (DEPRECATED, "deprecated"),
    ):
        if number >= since:
            return name
    return "supported"


def notice(version: str) -> str:
    """Return what an operator on this version of kube-proxy must know, "" while IPVS mode is supported."""
    return {
        "deprecated": f"IPVS mode is deprecated since Kubernetes 1.35, {PLAN}",
        "gated": f"IPVS mode is deprecated and behind the feature gate KubeProxyIPVS since 1.37, {PLAN}",
        "off-by-default": "IPVS mode is off by default since Kubernetes 1.40: kube-proxy does not start in it without "
        "the feature gate KubeProxyIPVS; it is removed in 1.43 (KEP-5495)",
        "removed": "Kubernetes 1.43 removed IPVS mode (KEP-5495): this kube-proxy cannot run it",
    }.get(stage(version), "")
