"""Will kube-proxy start? What one of a version does with the text or the flags that it reads when it starts.

Promises what it exits on (errors) and what it does not take in (warnings), as kube-proxy itself decides it: its
decoder and its validation (seen on kube-proxy itself: tests/real/judge.py). For an unknown version only what is so in
all of them. What the nodes' kernels have is asked elsewhere.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS, suggest
from kubectl_ipvs.proxy.checks.findings import Finding
from kubectl_ipvs.proxy.checks.gates import refused_gates, unjudged_gates
from kubectl_ipvs.proxy.checks.lifecycle import IPVS_GATE, ipvs_is_off, missing_mode
from kubectl_ipvs.proxy.checks.modules import PROBES
from kubectl_ipvs.proxy.config import flags
from kubectl_ipvs.proxy.config.configuration import Configuration
from kubectl_ipvs.proxy.config.fields import FIELD, Field, quoted
from kubectl_ipvs.proxy.config.location import config_path
from kubectl_ipvs.proxy.release import parse_version

# The only ones that kube-proxy took before it asked the kernel instead (k/k pull request 114878, in 1.27).
BEFORE_PROBES = frozenset({"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed", "nq"})
FIX = "fix that first: each kube-proxy that is restarted exits on it"


def startup(
    configuration: Configuration, version: str, *, arguments: Sequence[str] = (), being_set: Collection[str] = ()
) -> list[Finding]:
    """Return what a kube-proxy of this version says of the configuration that it will read, errors first.

    `arguments` is its command line, for flags that --config makes void. `being_set` are the fields that are asked
    for: of these `unknown_fields` speaks.
    """
    errors = [*_exits(configuration, version)]
    return [*errors, *_gates(configuration), *_ignores(configuration, version, being_set), *_void(arguments)]


def unreadable(why: str) -> Finding:
    """Return the finding for a text that cannot be read at all; `why` is what ConfigurationInvalid says."""
    return Finding("IPVS013", "error", f"kube-proxy will not start: {why}", FIX)


def unknown_fields(values: Iterable[str], version: str) -> list[Finding]:
    """Return an error for each of the fields to be set that a kube-proxy of this version does not know yet."""
    return [_unknown(FIELD[name], version, "error") for name in values if name in FIELD and _is_unknown(name, version)]


def unknown_scheduler(name: str) -> Finding:
    """Return the finding for a name that is no scheduler of the kernel."""
    near = suggest(name)
    return Finding("IPVS002", "error", f"no scheduler of the kernel is called {quoted(name)}",
                   f"did you mean {near}?" if near else "`kubectl ipvs schedulers` lists them")  # fmt: skip


def _exits(configuration: Configuration, version: str) -> Iterator[Finding]:
    mode = str(configuration.mode.effective)
    gates = configuration.feature_gates
    errors = [
        *configuration.errors,
        *_refused_scheduler(configuration, version),
        *_unknown_flags(configuration, version),
        *refused_gates(version, gates),
    ]
    if errors:
        yield Finding("IPVS013", "error", f"kube-proxy will not start: {'; '.join(errors)}", FIX)
    scheduler = str(configuration.ipvs["scheduler"].effective)
    if mode == "ipvs" and scheduler not in SCHEDULERS and "$" not in scheduler:
        yield unknown_scheduler(scheduler)
    missing = missing_mode(version, mode, gates)
    if missing:
        yield Finding("IPVS015", "error", missing, FIX)
    if mode == "ipvs" and ipvs_is_off(version, gates):
        by_flag, by_key = f"{flags.GATES_FLAG}={IPVS_GATE}=true", f"featureGates: {{{IPVS_GATE}: true}}"
        reason = f"kube-proxy {version} will not start in mode ipvs: the feature gate {IPVS_GATE} is off"
        hint = f"switch it on first ({by_flag if configuration.by_flags else by_key}), or change the mode"
        yield Finding("IPVS034", "error", reason, hint)


def _refused_scheduler(configuration: Configuration, version: str) -> Iterator[str]:
    """Name a scheduler that the kernel may have and that this kube-proxy's own list does not."""
    number = parse_version(version)
    name = str(configuration.ipvs["scheduler"].effective)
    if configuration.mode.effective != "ipvs" or number is None or number >= PROBES:
        return
    if name in SCHEDULERS and name not in BEFORE_PROBES:
        yield f"kube-proxy {version} refuses the scheduler {name}: it takes it from 1.27 on"


def _unknown_flags(configuration: Configuration, version: str) -> Iterator[str]:
    """Name flags that this kube-proxy does not know yet: it exits on those, unlike on keys."""
    for name in _unknown_names(configuration, version) if configuration.by_flags else ():
        yield f"kube-proxy {version} does not know {FIELD[name].flag} (since {FIELD[name].since})"


def _ignores(configuration: Configuration, version: str, being_set: Collection[str]) -> Iterator[Finding]:
    if configuration.ignored:
        text = "; ".join(configuration.ignored)
        yield Finding("IPVS009", "warning", f"the configuration has keys that kube-proxy ignores: {text}")
    for name in () if configuration.by_flags else _unknown_names(configuration, version):
        if name not in being_set:
            yield _unknown(FIELD[name], version, "warning")


def _gates(configuration: Configuration) -> Iterator[Finding]:
    unjudged = unjudged_gates(configuration.feature_gates)
    if unjudged:
        names = ", ".join(unjudged)
        reason = f"kube-proxy exits on a feature gate that it does not know; whether it knows {names} is not known here"
        yield Finding("IPVS035", "warning", reason, "kube-proxy's reference of that version lists its feature gates")


def _unknown_names(configuration: Configuration, version: str) -> list[str]:
    given = (name for name, setting in configuration.ipvs.items() if setting.configured is not None)
    return [name for name in given if _is_unknown(name, version)]


def _is_unknown(name: str, version: str) -> bool:
    number, since = parse_version(version), parse_version(FIELD[name].since)
    return number is not None and since is not None and number < since


def _unknown(field: Field, version: str, severity: str) -> Finding:
    reason = f"{field.name}: kube-proxy {version} does not know this field (since {field.since}): it "
    if severity == "error":
        return Finding("IPVS014", "error", f"{reason}would have no effect", "--force stores it all the same")
    return Finding("IPVS014", "warning", f"{reason}has no effect")


def _void(arguments: Sequence[str]) -> Iterator[Finding]:
    void = flags.names(arguments) if config_path(tuple(arguments)) else ()
    if void:
        reason = f"kube-proxy reads --config and ignores these flags beside it: {', '.join(void)}"
        yield Finding("IPVS016", "warning", reason, "take them out, or move their values into the configuration")
