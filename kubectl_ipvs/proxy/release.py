"""Which release of Kubernetes a kube-proxy is: from its image's tag, as a pair to compare."""

import re

_TAG = re.compile(r":v?([0-9]{1,4})\.([0-9]{1,4})(\.[0-9A-Za-z.+_-]+)?(?:@|$)")
_VERSION = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})")
_PATCH = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})")


def version_of_image(image: str) -> str:
    """Return kube-proxy's version from its image (`.../kube-proxy:v1.34.2` -> `v1.34.2`), "" where the tag has none."""
    match = _TAG.search(image)
    return f"v{match[1]}.{match[2]}{match[3] or ''}" if match else ""


def parse_version(version: str) -> tuple[int, int] | None:
    """Return (major, minor) of `v1.34.2`, None where it is no version."""
    match = _VERSION.match(version)
    return (int(match[1]), int(match[2])) if match else None


def parse_patch(version: str) -> tuple[int, int, int] | None:
    """Return (major, minor, patch) of `v1.34.2-eks-1`, None where it does not say all three."""
    match = _PATCH.match(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def parse_kernel(release: str) -> tuple[int, int] | None:
    """Return the first two numbers of what `uname -r` prints (`5.15.0-91-generic`), None where it has none."""
    return parse_version(release)
