"""Which proxy the environment has for a server."""

import pytest

from kubectl_ipvs.cluster.access.proxy_from_env import environment_proxy
from kubectl_ipvs.errors import KubeconfigError


@pytest.mark.parametrize(
    ("no_proxy", "server", "proxied"),
    [
        ("", "https://api.test", True),
        ("*", "https://api.test", False),
        ("other, API.test ", "https://api.test", False),
        ("test", "https://api.test", False),
        (".test", "https://api.test", False),
        ("*.test", "https://api.test", False),
        (".api.test", "https://api.test", True),
        ("est", "https://api.test", True),
        ("api.test:443", "https://api.test", False),
        ("api.test:6443", "https://api.test", True),
        ("10.0.0.0/8", "https://10.1.2.3", False),
        ("10.0.0.0/99", "https://10.1.2.3", True),
        ("10.0.0.0/8", "https://api.test", True),
        ("10.1.2.3", "https://10.1.2.3:6443", False),
        ("10.1.2.3:6443", "https://10.1.2.3", True),
        ("fd00::1", "https://[fd00::1]:6443", False),
        ("[fd00::1]:6443", "https://[fd00::1]:6443", False),
        ("fd00::/8", "https://[fd00::1]", False),
        ("", "https://127.1.2.3", False),
        ("", "https://[::1]", False),
        ("", "https://localhost:6443", False),
    ],
)
def test_no_proxy_is_read_as_by_go(no_proxy: str, server: str, proxied: bool) -> None:  # noqa: FBT001 - a table's column
    """Names, addresses, networks and ports exclude a server; loopback is never proxied."""
    found = environment_proxy(server, {"HTTPS_PROXY": "proxy:3128", "no_proxy": no_proxy})

    assert found == ("http://proxy:3128" if proxied else None)


@pytest.mark.parametrize("proxy", ["ftp://proxy", "http://", "http://proxy:x", "//", "http://["])
def test_a_proxy_that_is_none_is_refused(proxy: str) -> None:
    """A mistake in the environment is named, not met later as a strange failure to connect."""
    with pytest.raises(KubeconfigError, match=r"^\$HTTPS_PROXY is no proxy: "):
        environment_proxy("https://api.test", {"HTTPS_PROXY": proxy})
