"""What kube-proxy refuses of its section `logging`, beyond the types of its fields. Seen on 1.34.4, 1.36.3 and 1.37.2.

Promises for each value the end of a sentence that says what is wrong with it, as `validation.py` does.
"""

from collections.abc import Iterator, Mapping

from kubectl_ipvs.proxy.config.document import shown
from kubectl_ipvs.proxy.config.kinds import is_wrong

ALPHA, BETA = "LoggingAlphaOptions", "LoggingBetaOptions"
MOST_VERBOSE = 2**31 - 1
Found = tuple[tuple[str, ...], str]


def refused(logging: Mapping[str, object], gates: Mapping[str, object]) -> Iterator[Found]:
    """Yield the path below the section and the sentence for each value that is refused."""
    if logging.get("format") == "json" and gates.get(BETA) is False:
        yield ("format",), f"is json, and the feature gate {BETA} is off"
    modules = logging.get("vmodule")
    if isinstance(modules, list) and modules:
        if logging.get("format") == "json":
            yield ("vmodule",), "is there, and the format is json: it is for text alone"
        for item in modules:
            said = _module(item)
            if said:
                yield ("vmodule",), f"has {said}"
    if gates.get(ALPHA) is not True and gates.get("AllAlpha") is not True:
        yield from _alpha(logging.get("options"))


def _module(item: object) -> str:
    """Say what is wrong with one item; null is an empty one, and what has a wrong type is none of ours."""
    fields = item if isinstance(item, Mapping) else {}
    pattern, verbosity = fields.get("filePattern") or "", fields.get("verbosity") or 0
    if not pattern:
        return "a filePattern that is empty"
    if isinstance(pattern, str) and set(pattern) & set("=,"):
        return f"a filePattern that is {shown(pattern)}: it has an equal sign or a comma"
    above = isinstance(verbosity, int) and verbosity > MOST_VERBOSE
    return f"a verbosity that is {shown(verbosity)}, not from 0 to {MOST_VERBOSE}" if above else ""


def _alpha(options: object) -> Iterator[Found]:
    """Yield the buffers that are asked for; their gate is off."""
    for name in ("text", "json"):
        section = options.get(name) if isinstance(options, Mapping) else None
        size = section.get("infoBufferSize") if isinstance(section, Mapping) else None
        if size is not None and not is_wrong("quantity", size) and any(digit in str(size) for digit in "123456789"):
            yield ("options", name, "infoBufferSize"), f"is {shown(size)}, and the feature gate {ALPHA} is off"
