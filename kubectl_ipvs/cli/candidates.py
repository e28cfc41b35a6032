"""What may stand at the cursor of `kubectl ipvs ...`: words in, candidates out.

Does no I/O and loads no library: what only a kubeconfig or a cluster knows is named, and left to the caller to ask.
"""

from collections.abc import Mapping, Sequence

from kubectl_ipvs.cli.words import COMMANDS, FLAGS, FORMATS, GLOBAL, SCHEDULERS

FILES, NO_FILES = 0, 4  # kubectl's directives (cobra's ShellCompDirective): what the shell may offer beside ours
REPEATED = {"as_groups", "as_user_extra", "fault"}
FIXED: Mapping[str, Mapping[str, str]] = {
    "scheduler": SCHEDULERS,
    "dry_run": {"none": "make the change", "client": "plan alone", "server": "let the server check it"},
    "read": {
        "auto": "by exec, else as can be",
        "exec": "a command in kube-proxy's pod",
        "proxy": "kube-proxy's own port, no table",
        "helper": "a pod of --helper-image",
    },
    "strategy": {"delete": "pods, a few at a time", "rollout": "the DaemonSet's own update"},
    "canary": {"auto": "a worker goes first", "none": "no node goes first"},
    "services sort_by": {"name": "", "active": "most active connections first", "skew": "the least even first"},
    "top sort_by": {
        "connections": "of a second",
        "packets": "of nodes",
        "bytes": "of nodes",
        "active": "",
        "inactive": "",
        "change": "of Services",
        "name": "",
    },
}
ASKED = {
    "context": "contexts", "contexts": "contexts", "cluster": "clusters", "user": "users", "canary": "nodes",
    "service": "services",
}  # fmt: skip
NODES_FOLLOW = {"status", "table", "verify", "restart"}
TOP = {"nodes": "their connections, packets and bytes", "services": "their active connections"}
ACTIONS = {"install": "put it beside the plugin", "uninstall": "take it away"}


class Line:
    """A command line as far as it is typed, without the word at the cursor.

    `given` are the flags by parameter (a list for those that may be repeated); `waiting` is the flag whose value
    comes next; `foreign` says that a command of its own follows after `--`.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.command = ""
        self.arguments: list[str] = []
        self.given: dict[str, object] = {}
        self.waiting = ""
        self.foreign = False
        for word in words:
            self._read(word)

    @property
    def flags(self) -> Mapping[str, tuple[str, str, str]]:
        """The flags that may stand here, the command's own first."""
        return {**FLAGS.get(self.command, {}), **GLOBAL}

    @property
    def of_services(self) -> bool:
        """The arguments are Services, and -n is their namespace."""
        return self.command == "services" or (self.command == "top" and self.arguments[:1] == ["services"])

    def _read(self, word: str) -> None:
        if self.foreign:
            return
        if self.waiting:
            self._keep(self.waiting, word)
            self.waiting = ""
        elif word == "--":
            self.foreign = True
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            self._flag(name, value, has_value=bool(equals))
        elif word.startswith("-") and word != "-":
            self._short(word)
        elif self.command:
            self.arguments.append(word)
        else:
            self.command = word

    def _short(self, word: str) -> None:
        """Read `-w`, `-nNAME`, or switches in one word such as `-wy`."""
        name = word[:2]
        if name in self.flags and not self.flags[name][1] and word[2:]:
            self._flag(name, "", has_value=False)
            self._short(f"-{word[2:]}")
        else:
            self._flag(name, word[2:], has_value=bool(word[2:]))

    def _flag(self, name: str, value: str, *, has_value: bool) -> None:
        if name not in self.flags:
            return
        takes = bool(self.flags[name][1])
        if takes and not has_value:
            self.waiting = name
        else:
            self._keep(name, value if takes else True)

    def _keep(self, name: str, value: object) -> None:
        parameter = self.flags[name][0]
        if parameter in REPEATED:
            held = self.given.setdefault(parameter, [])
            assert isinstance(held, list)  # noqa: S101 - tells mypy; nothing else is ever put there
            held.append(value)
        else:
            self.given[parameter] = value


class Offer:
    """What may stand at the cursor.

    `words` have meanings; `ask` names what else belongs here: contexts, clusters, users, nodes, services, or nothing;
    `prefix` is what is typed of the word; `directive` is kubectl's.
    """

    def __init__(self, words: Mapping[str, str], prefix: str, ask: str = "", directive: int = NO_FILES) -> None:
        self.words, self.prefix, self.ask, self.directive = words, prefix, ask, directive


def offer(line: Line, word: str) -> Offer:
    """Say what may stand at the cursor, where `word` is typed so far (empty: a new word begins)."""
    if line.foreign:
        return Offer({}, word, directive=FILES)
    if line.waiting:
        return _value(line, line.waiting, word)
    if word.startswith("--") and "=" in word:
        name, _, value = word.partition("=")
        return _value(line, name, value)
    if word.startswith("-"):
        return Offer(_flags(line), word)
    if not line.command:
        return Offer(COMMANDS, word)
    return _argument(line, word)


def _flags(line: Line) -> dict[str, str]:
    """Give the long flags that are not there yet."""
    return {
        name: words
        for name, (parameter, _, words) in line.flags.items()
        if name.startswith("--") and (parameter in REPEATED or parameter not in line.given)
    }


def _value(line: Line, name: str, word: str) -> Offer:
    parameter, metavar, _ = line.flags.get(name, ("", "", ""))
    if parameter == "output":
        return Offer(dict.fromkeys(FORMATS.get(line.command, ()), ""), word)
    if metavar == "FILE":
        return Offer({}, word, directive=FILES)
    fixed = FIXED.get(f"{line.command} {parameter}", FIXED.get(parameter, {}))
    return Offer(fixed, word, ASKED.get(parameter, ""))


def _argument(line: Line, word: str) -> Offer:
    if line.command in NODES_FOLLOW:
        return Offer({}, word, "nodes")
    if line.command == "top":
        return (
            Offer({}, word, line.arguments[0] if line.arguments[0] in TOP else "")
            if line.arguments
            else Offer(TOP, word)
        )
    if line.of_services:
        return Offer({}, word, "services")
    if line.arguments:
        return Offer({}, word)
    if line.command == "schedulers":
        return Offer(SCHEDULERS, word)
    return Offer(ACTIONS if line.command == "completion" else {}, word)
