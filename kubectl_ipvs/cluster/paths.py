"""Where things are in the API; a name stays one segment of a path, whatever a flag says."""

from urllib.parse import quote

from kubectl_ipvs.errors import UsageError


def segment(name: str) -> str:
    """Return a name as one segment of a path; UsageError for a name that would lead elsewhere, as in kubectl."""
    if name in {".", ".."} or "/" in name or "%" in name:
        raise UsageError(f'invalid resource name "{name}": a name is not . or .. and has no / and no %')
    return quote(name, safe="")


def pods(namespace: str) -> str:
    """Return the path of a namespace's pods."""
    return f"/api/v1/namespaces/{segment(namespace)}/pods"


def config_map(namespace: str, name: str) -> str:
    """Return the path of a ConfigMap."""
    return f"{config_maps(namespace)}/{segment(name)}"


def config_maps(namespace: str) -> str:
    """Return the path of a namespace's ConfigMaps."""
    return f"/api/v1/namespaces/{segment(namespace)}/configmaps"


def daemon_sets(namespace: str, name: str = "") -> str:
    """Return the path of a namespace's DaemonSets, or of one."""
    path = f"/apis/apps/v1/namespaces/{segment(namespace)}/daemonsets"
    return f"{path}/{segment(name)}" if name else path
