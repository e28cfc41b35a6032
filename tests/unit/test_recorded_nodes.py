"""What real nodes said of themselves (make record): our reading of it, and the sandbox's words beside it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_ipvs.proxy.served import has_synced, services_in
from kubectl_ipvs.sandbox import Options
from kubectl_ipvs.sandbox.nodes.configz import configuration_of
from kubectl_ipvs.sandbox.nodes.kubeadm_text import kubeadm_text
from kubectl_ipvs.sandbox.nodes.layouts import configuration

RECORDED = Path(__file__).parent / "recorded"
FOLDERS = sorted(path.parent for path in RECORDED.glob("*/*/proxyMode.txt"))
NAMES = [f"{path.parent.name} {path.name}" for path in FOLDERS]


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_a_node_at_work(folder: Path) -> None:
    """Each was recorded at work: the mode in effect is the folder's, and its rules were synced once."""
    assert (folder / "proxyMode.txt").read_text().strip() == folder.name
    assert has_synced((folder / "metrics.txt").read_text()) is True


@pytest.mark.parametrize("family", ["ip", "ip6"])
def test_services_in_nftables_mode(family: str) -> None:
    """A table of a real cluster with a Service of each form has Services of both families."""
    counts = [
        services_in((folder / f"nft-{family}.json").read_text()) for folder in FOLDERS if folder.name == "nftables"
    ]
    assert counts != []
    assert min(count or 0 for count in counts) > 0


def names(value: Any, at: str = "") -> set[str]:  # noqa: ANN401 - any document
    """Name every field of a document, sections with their fields."""
    if not isinstance(value, dict) or not value:
        return {at}
    return {name for key, each in value.items() for name in names(each, f"{at}.{key}")}


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_configz_of_the_sandbox(folder: Path) -> None:
    """The sandbox's /configz has the very fields of the real one."""
    real = json.loads((folder / "configz.json").read_text())["kubeproxy.config.k8s.io"]
    major, minor, _ = folder.parent.name.split(".")
    document = yaml.safe_load(configuration(Options())) | {"mode": folder.name}

    played = configuration_of(document, (int(major), int(minor)), "node2")

    assert names(played) ^ names(real) == set()


TEXTS = sorted(RECORDED.glob("*/config.conf"))


@pytest.mark.parametrize("path", TEXTS, ids=[path.parent.name for path in TEXTS])
def test_text_of_the_sandbox(path: Path) -> None:
    """The sandbox's ConfigMap has the very fields that kubeadm of that release wrote."""
    major, minor, _ = path.parent.name.split(".")
    played = kubeadm_text((int(major), int(minor))).format(scheduler="rr", mode="ipvs")

    assert names(yaml.safe_load(played)) ^ names(yaml.safe_load(path.read_text())) == set()
