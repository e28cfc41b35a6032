"""Where IPVS mode stands in a version of kube-proxy."""

import pytest

from kubectl_ipvs.proxy.checks.findings import Finding
from kubectl_ipvs.proxy.checks.lifecycle import in_words, notice, stage, standing
from kubectl_ipvs.proxy.release import parse_version, version_of_image

DIGEST = "@sha256:" + "0" * 64
PLAN = "off by default in 1.40 and removed in 1.43 (KEP-5495); nftables mode takes its place"
NOTICES = {
    "": "",
    "supported": "",
    "deprecated": f"IPVS mode is deprecated since Kubernetes 1.35, {PLAN}",
    "gated": f"IPVS mode is deprecated and behind the feature gate KubeProxyIPVS since 1.37, {PLAN}",
    "off-by-default": "IPVS mode is off by default since Kubernetes 1.40: kube-proxy does not start in it without "
    "the feature gate KubeProxyIPVS; it is removed in 1.43 (KEP-5495)",
    "removed": "Kubernetes 1.43 removed IPVS mode (KEP-5495): this kube-proxy cannot run it",
}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("registry.k8s.io/kube-proxy:v1.34.2", "v1.34.2"),
        (f"registry.k8s.io/kube-proxy:v1.34.2{DIGEST}", "v1.34.2"),
        ("localhost:5000/kube-proxy:1.30.0", "v1.30.0"),
        ("10.0.0.1:5000/kube-proxy:v1.30", "v1.30"),
        ("example.com/eks/kube-proxy:v1.29.0-minimal-eksbuild.1", "v1.29.0-minimal-eksbuild.1"),
        ("rancher/hardened-kubernetes:v1.28.5-rke2r1-build20240101", "v1.28.5-rke2r1-build20240101"),
        ("mcr.microsoft.com/oss/kubernetes/kube-proxy:v1.27.7-hotfix.20240411", "v1.27.7-hotfix.20240411"),
        ("kindest/kube-proxy:v1.35.0-alpha.1_dirty+x", "v1.35.0-alpha.1_dirty+x"),
        ("kube-proxy:latest", ""),
        ("kube-proxy:v1.34.2\x1b[2J", ""),
        ("localhost:5000/kube-proxy", ""),
        (f"kube-proxy{DIGEST}", ""),
        ("kube-proxy:v\u0661.\u0663", ""),
        (f"kube-proxy:v{'9' * 5000}.1", ""),
        ("", ""),
    ],
)
def test_version_of_image(image: str, expected: str) -> None:
    """The tag where it is a version; a registry's port, a digest and other tags are none."""
    assert version_of_image(image) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("v1.34.2", (1, 34)),
        ("1.9", (1, 9)),
        ("v1.30.1-eks-036c24b", (1, 30)),
        ("v1", None),
        ("", None),
        ("x1.2", None),
        (f"v{'9' * 5000}.1", None),
    ],
)
def test_parse_version(version: str, expected: tuple[int, int] | None) -> None:
    """The first two numbers; anything else is no version."""
    assert parse_version(version) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("", ""),
        ("unknown", ""),
        ("v1.8.0", "supported"),
        ("v1.34.9", "supported"),
        ("v1.35.0-alpha.1", "deprecated"),
        ("v1.36.5", "deprecated"),
        ("v1.37.0", "gated"),
        ("v1.39.1", "gated"),
        ("v1.40.0", "off-by-default"),
        ("v1.42", "off-by-default"),
        ("v1.43.0", "removed"),
        ("v2.0.0", "removed"),
    ],
)
def test_stage_and_notice(version: str, expected: str) -> None:
    """The steps of KEP-5495; there is nothing to say while the mode is supported or the version unknown."""
    assert (stage(version), notice(version)) == (expected, NOTICES[expected])


def test_standing() -> None:
    """Each stage has its code; only a mode that is no longer there is an error; other modes have no future to name."""
    versions = ("v1.34.2", "v1.35.0", "v1.37.0", "v1.40.0", "v1.43.0", "", "latest")
    found = [standing(version, "ipvs") for version in versions]
    shown = [(entry.code, entry.severity) if entry else None for entry in found]
    assert shown == [
        None,
        ("IPVS030", "warning"),
        ("IPVS031", "warning"),
        ("IPVS032", "warning"),
        ("IPVS033", "error"),
        None,
        None,
    ]
    assert [standing(version, mode) for version in versions for mode in ("iptables", "nftables", "")] == [None] * 21


def test_where_it_is_said() -> None:
    """Who writes a configuration is told that its mode goes away, a restart is not; what refuses is said everywhere."""
    found = [entry for version in ("v1.35.0", "v1.37.0", "v1.40.0", "v1.43.0") if (entry := standing(version, "ipvs"))]
    other = Finding("IPVS018", "warning", "left out: node2 (timeout)")
    assert in_words([*found, other], writes=True) == [*found, other]
    assert in_words([*found, other], writes=False) == [found[-1], other]
