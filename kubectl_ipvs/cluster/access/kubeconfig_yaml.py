"""The first YAML document of a file that somebody else wrote: plain values, or one error with its place.

No tag runs code. Nesting and size, aliases expanded, are bounded before anything is built: libyaml's composer recurses
on the C stack without a limit, and a merge key doubles with each line. Errors never quote a value: it may be a secret.
"""

import re
from typing import Any

import yaml

from kubectl_ipvs.errors import KubeconfigError

DEEPEST = 100  # levels of nesting; a kubeconfig has six
MOST_NODES = 1_000_000  # after expanding aliases
LONGEST = 32 * 1024 * 1024  # bytes
_QUOTED = re.compile("'(?!<).{2,}'", re.DOTALL)  # PyYAML quotes what it met: a token may begin with !, & or *
# what PyYAML lets through for `!!int x`, `!!bool x`, `!!timestamp x`, "\\UFFFFFFFF" and the like
_STUMBLES = (ValueError, ArithmeticError, LookupError, AttributeError, TypeError, RecursionError)


def first_document(source: str, content: bytes) -> object:
    """Return the first YAML document, None when there is none. `source` begins the KubeconfigError."""
    if len(content) > LONGEST:
        raise KubeconfigError(f"{source}: {len(content)} bytes are too many for a kubeconfig")
    try:
        return _value(content.decode("utf-8-sig"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = _QUOTED.sub("...", error.problem or error.context or "")
        raise KubeconfigError(f"{source}: yaml: {where}{problem}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise KubeconfigError(f"{source}: yaml: not text, or control characters in it") from error
    except _STUMBLES as error:
        raise KubeconfigError(f"{source}: yaml: a value that cannot be read") from error


def _value(text: str) -> object:
    base = _loader()
    _check_depth(text, base)
    loader = base(text)
    try:
        if not loader.check_node():
            return None
        node = loader.get_node()
        _size(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_depth(text: str, base: Any) -> None:  # noqa: ANN401 - see _loader
    """Raise where the first document is nested too deeply; events come one by one, without recursion."""
    depth = 0
    for event in yaml.parse(text, Loader=base):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=_mark(event.start_mark))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentEndEvent):
            return


def _mark(found: Any) -> Any:  # noqa: ANN401 - libyaml's marks and PyYAML's share no class
    return found


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """Count the nodes of a tree, those below an alias each time that it is used."""
    if id(node) not in sizes:
        sizes[id(node)] = MOST_NODES + 1  # met again while it is being counted: it contains itself
        below = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else []
        below += node.value if isinstance(node, yaml.SequenceNode) else []
        sizes[id(node)] = 1 + sum(_size(child, sizes) for child in below)
    if sizes[id(node)] > MOST_NODES:
        problem = "it is too large, or its aliases stand for themselves"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=_mark(node.start_mark))
    return sizes[id(node)]


def _loader() -> Any:  # noqa: ANN401 - libyaml's or PyYAML's own loader; they share no class
    """Build a safe loader that takes dates and `=` as text, as kubectl's YAML library does."""
    base: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    strange = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}
    resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag not in strange]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return type("KubeconfigLoader", (base,), {"yaml_implicit_resolvers": resolvers})
