"""Expressions of nftables rules as `nft -j` prints them. Values and functions without state."""

from typing import Any

Obj = dict[str, Any]
MASQUERADE = 0x4000  # kube-proxy's mark
L4: Obj = {"meta": {"key": "l4proto"}}
DPORT: Obj = {"payload": {"protocol": "th", "field": "dport"}}
_MARK: Obj = {"meta": {"key": "mark"}}
MARK: Obj = {"mangle": {"key": _MARK, "value": {"|": [_MARK, MASQUERADE]}}}
UNMARK: Obj = {"mangle": {"key": _MARK, "value": {"^": [_MARK, MASQUERADE]}}}
MARKED: Obj = {"match": {"op": "!=", "left": {"&": [_MARK, MASQUERADE]}, "right": 0}}
RANDOM: Obj = {"masquerade": {"flags": "fully-random"}}
NEW: Obj = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}}
DROP: Obj = {"drop": None}


def match(operator: str, left: object, right: object) -> Obj:
    """Return a comparison."""
    return {"match": {"op": operator, "left": left, "right": right}}


def concat(*parts: object) -> Obj:
    """Return several values as one key."""
    return {"concat": list(parts)}


def vmap(key: object, where: object) -> Obj:
    """Return a look-up of a verdict, in a map by its `@name` or in pairs."""
    return {"vmap": {"key": key, "data": where}}


def goto(chain: str) -> Obj:
    """Return the verdict that leaves for a chain."""
    return {"goto": {"target": chain}}


def jump(chain: str) -> Obj:
    """Return the verdict that comes back from a chain."""
    return {"jump": {"target": chain}}


def prefix(network: str) -> Obj:
    """Return a network of `ADDRESS/LENGTH`."""
    address, _, length = network.partition("/")
    return {"prefix": {"addr": address, "len": int(length)}}


def is_local(which: str) -> Obj:
    """Return whether saddr or daddr is an address of the node."""
    return match("==", {"fib": {"result": "type", "flags": [which]}}, "local")


def one_of(count: int) -> Obj:
    """Return a random number below `count`."""
    return {"numgen": {"mode": "random", "mod": count, "offset": 0}}


def numbered(values: list[Obj]) -> Obj:
    """Return values by their numbers from 0 on, as the data of a map."""
    return {"set": [[number, value] for number, value in enumerate(values)]}
