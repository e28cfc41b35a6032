"""One configuration that some kube-proxies read: where it is, what it says, how old a process is beside it."""

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.errors import ConfigurationInvalid, IpvsError
from kubectl_ipvs.proxy.config import configuration
from kubectl_ipvs.proxy.config.configuration import Configuration
from kubectl_ipvs.proxy.config.last_change import ROLLED_BACK, in_force
from kubectl_ipvs.proxy.process import Reference
from kubectl_ipvs.proxy.release import version_of_image
from kubectl_ipvs.proxy.served import bind_address, metrics_port
from kubectl_ipvs.proxy.verdict import Age

USUAL_KEY = "config.conf"


class Source(NamedTuple):
    """One configuration.

    `kind`: ConfigMap; DaemonSet or Pod, where flags are the configuration; File, which is on each node; Rendered, a
    file that is made from a ConfigMap when the pod starts. `config_map` and `key` are what can be read of it, None and
    "" where nothing can; `configuration` is None then, and `problem` says why. `arguments` are kube-proxy's words.
    """

    kind: str
    namespace: str
    name: str  # the DaemonSet or static pod; "" for a ConfigMap that several may read
    version: str
    arguments: tuple[str, ...] = ()
    path: str = ""
    config_map: ConfigMap | None = None
    key: str = ""
    configuration: Configuration | None = None
    problem: str = ""
    hint: str = ""
    invalid: bool = False  # it is not there, or is no configuration: kube-proxy cannot start with it
    identity: tuple[str, ...] = ()
    candidates: tuple[tuple[str, str], ...] = ()  # ConfigMaps and keys that it may be made of

    @property
    def writable(self) -> bool:
        """A ConfigMap's key that kube-proxy reads as it is."""
        return self.kind == "ConfigMap" and self.config_map is not None and self.configuration is not None

    @property
    def text(self) -> str:
        """The configuration's text, "" where there is none to be read."""
        return self.config_map.data.get(self.key, "") if self.config_map else ""

    @property
    def changed(self) -> float | None:
        """When the text was last written, by the API server's clock (seconds); None where the API does not say."""
        return self.config_map.changed.get(self.key) if self.config_map else None

    @property
    def scheduler(self) -> str | None:
        """The scheduler that is asked for."""
        return None if self.configuration is None else str(self.configuration.ipvs["scheduler"].effective)

    @property
    def mode(self) -> str | None:
        """The mode that is asked for."""
        return None if self.configuration is None else str(self.configuration.mode.effective)

    @property
    def excluded(self) -> Sequence[str]:
        """CIDRs whose virtual servers are not kube-proxy's."""
        value = () if self.configuration is None else self.configuration.ipvs["excludeCIDRs"].effective
        return value if isinstance(value, tuple) else ()

    @property
    def metrics_port(self) -> int:
        """The port of kube-proxy's own on which it tells mode and configuration; see proxy/served.py."""
        return metrics_port(bind_address(self.text, self.arguments))

    def age(self, began: float) -> Age:
        """Say whether a kube-proxy that started then has read this text; both times are the API server's.

        One that started before a change that was rolled back since, and after the text before that change was written,
        has read the same text.
        """
        if self.config_map is None or self.changed is None or began >= self.changed:
            return "current"
        spans = in_force(self.config_map.annotations.get(ROLLED_BACK, ""), self.text)
        if any(before <= began < since for before, since in spans):
            return "current"
        return "outdated" if self.config_map.certain.get(self.key, True) else "unsure"


def source_of(
    reference: Reference, words: tuple[str, ...], image: str, namespace: str, runner: str, *, static: bool
) -> Source:
    """Make the source that a reference leads to; nothing of a ConfigMap is read yet."""
    version = version_of_image(image)
    if reference.kind == "config-map":
        return Source("ConfigMap", namespace, runner, version, words, reference.path,
                      identity=("ConfigMap", namespace, reference.name, reference.key))  # fmt: skip
    if reference.kind == "flags":
        kind = "Pod" if static else "DaemonSet"
        read = configuration.read_flags(words, version)
        said = (str(read.mode.effective), *(f"{name}={entry.effective}" for name, entry in read.ipvs.items()))
        return Source(kind, namespace, runner, version, words, configuration=read,
                      identity=(kind, namespace, runner, *said))  # fmt: skip
    kind = "File" if reference.kind == "host-file" else "Rendered"
    held = tuple(part for pair in reference.candidates for part in pair)
    return Source(kind, namespace, runner, version, words, reference.path,
                  identity=(kind, namespace, runner, reference.path, *held),
                  candidates=reference.candidates)  # fmt: skip


def read_source(made: Source, name: str, key: str, found: "ConfigMap | IpvsError | None") -> Source:
    """Read a source's text from its ConfigMap; what is wrong with it is kept beside it."""
    where = f"configmap {made.namespace}/{name}"
    needed = made.kind == "ConfigMap"  # its pods cannot even mount what is not there
    if isinstance(found, IpvsError):
        return made._replace(problem=f"{where} cannot be read: {found}", hint=found.hint)
    if found is None:
        return made._replace(problem=f"{where} not found: kube-proxy's configuration should be there",
                             hint="name the right one with --configmap NAME/KEY", invalid=needed)  # fmt: skip
    chosen = key or (next(iter(found.data)) if len(found.data) == 1 else USUAL_KEY)
    if chosen not in found.data:
        chosen = _only_configuration(found) if not key else chosen
    if chosen not in found.data:
        held = ", ".join(sorted(found.data)) or "nothing"
        return made._replace(problem=f'{where} has no key "{chosen or USUAL_KEY}": it has {held}',
                             hint="name the key with --configmap NAME/KEY", invalid=needed)  # fmt: skip
    try:
        read = configuration.read(found.data[chosen], made.version)
    except ConfigurationInvalid as error:
        return made._replace(config_map=found, key=chosen, problem=f"{where}, key {chosen}: {error}", hint=error.hint,
                             invalid=True)  # fmt: skip
    return made._replace(config_map=found, key=chosen, configuration=read, problem="", hint="", invalid=False)


def unreadable(made: Source, reference: Reference) -> Source:
    """Say where a configuration is that cannot be read through the API server."""
    maps = ", ".join(f"{name}/{key}" if key else name for name, key in reference.candidates)
    if made.kind == "File":
        return made._replace(problem=f"kube-proxy reads {made.path}, a file on each node: not to be read from here",
                             hint=f"change {made.path} on each node, then `kubectl ipvs restart`")  # fmt: skip
    if maps:
        first = maps.split(", ", maxsplit=1)[0]
        return made._replace(problem=f"kube-proxy reads {made.path}, which its pod makes from configmap {maps}",
                             hint=f"if that is its source: --configmap {first}")  # fmt: skip
    path = made.path or "its configuration"
    return made._replace(problem=f"kube-proxy reads {path}, which is in no ConfigMap that its pods mount",
                         hint="name the ConfigMap with --configmap NAME/KEY")  # fmt: skip


def _only_configuration(found: ConfigMap) -> str:
    """Return the one key whose text is a kube-proxy configuration, "" where there is none or are several."""
    held = []
    for key, text in found.data.items():
        try:
            configuration.read(text)
        except ConfigurationInvalid:
            continue
        held.append(key)
    return held[0] if len(held) == 1 else ""
