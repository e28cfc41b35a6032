"""The programs in a kube-proxy pod: what a command line prints there. Pure but for reading the kernel's state."""

import json
import re
import shlex
from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

from kubectl_ipvs.sandbox.nodes.connections import connections_text
from kubectl_ipvs.sandbox.nodes.hosts import Host
from kubectl_ipvs.sandbox.nodes.network import DUMMY
from kubectl_ipvs.sandbox.nodes.traffic import rate_text

_NO_IPVS = (
    "Can't initialize ipvs: Protocol not available\n"
    "Are you sure that IP Virtual Server is built in the kernel or as module?\n"
)
NOT_THERE = "No such file or directory"


class Output(NamedTuple):
    """What a command came to; `code` None: there is no such program in the image."""

    code: int | None
    out: str = ""
    err: str = ""


def run(host: Host, words: list[str], programs: Collection[str], unseen: str = "") -> Output:
    """Run a command on this node, in a container whose image has these programs; no file below `unseen` is there."""
    program = words[0].rpartition("/")[2] if words else ""
    if program not in programs:
        return Output(None)
    if program in ("sh", "dash"):
        is_text = len(words) == 3 and words[1] == "-c"  # noqa: PLR2004 -- sh -c TEXT
        return _shell(host, words[2], {*programs, "echo"}) if is_text else Output(None)
    if program == "cat" and unseen:
        paths = [path.replace(unseen, "/not-mounted", 1) if path.startswith(unseen) else path for path in words[1:]]
        seen = _cat(host, paths)
        return seen._replace(err=seen.err.replace("/not-mounted", unseen))
    return _PLAYED[program](host, words[1:])


def _shell(host: Host, text: str, programs: Collection[str]) -> Output:
    """Run commands one after the other: `;`, `&&` and `||` between them, nothing else."""
    out, err, code, before = "", "", 0, ";"
    for part in re.split(r"(;|&&|\|\|)", text):
        if part in (";", "&&", "||"):
            before = part
            continue
        try:
            words = shlex.split(part)
        except ValueError:
            return Output(2, out, err + "sh: 1: Syntax error: Unterminated quoted string\n")
        if not words or (before == "&&" and code) or (before == "||" and not code):
            continue
        if words[0] == "exit":
            return Output(int(words[1]) if words[1:] else code, out, err)
        result = run(host, words, programs)
        missing = f"sh: 1: {words[0]}: not found\n" if result.code is None else ""
        out, err, code = out + result.out, err + result.err + missing, 127 if result.code is None else result.code
    return Output(code, out, err)


def _ipvsadm(host: Host, words: list[str]) -> Output:
    if not host.kernel.has_ipvs:
        return Output(255, err=_NO_IPVS)
    if sorted(words) in (["--rate", "-Ln"], ["--rate", "-L", "-n"]):
        return Output(0, rate_text(host.kernel.tool_text()))
    letters = "".join(word[1:] for word in words if re.fullmatch("-[A-Za-z]+", word))
    letters += "".join({"--list": "L", "--numeric": "n"}.get(word, "?") for word in words if word.startswith("--"))
    if set(letters) <= set("lLn") and all(word.startswith("-") for word in words):
        return Output(0, host.kernel.tool_text())
    return Output(2, err=f"the sandbox's ipvsadm does not know: {' '.join(words)}\n")


def _cat(host: Host, paths: list[str]) -> Output:
    out, err = "", ""
    for path in paths:
        text = file_text(host, path)
        if path.endswith("/"):
            is_file = file_text(host, path.rstrip("/")) is not None
            why = "Not a directory" if is_file else "Is a directory" if _is_directory(host, path) else NOT_THERE
            err += f"cat: {path}: {why}\n"
        elif text is None:
            err += f"cat: {path}: {NOT_THERE}\n"
        else:
            out += text
    return Output(1 if err else 0, out, err)


def _nft(host: Host, words: list[str]) -> Output:
    """List what there is, as JSON; of text the tables alone; or say which nft it is."""
    if words in (["--version"], ["-v"]):
        return Output(0, f"nftables v{host.nft_version} (Lester Gooch #5)\n")
    as_json = "-j" in words[:1] or "--json" in words[:1]
    asked = words[1:] if as_json else words
    if asked[:1] != ["list"] or not (as_json or asked == ["list", "tables"]):
        return Output(1, err=f"the sandbox's nft does not know: {' '.join(words)}\n")
    listing = host.network.nft_listing(asked[1:])
    if listing is None:
        return Output(1, err=f"Error: No such file or directory\n{' '.join(asked)}\n{_under(asked)}\n")
    if as_json:
        return Output(0, json.dumps(listing) + "\n")
    tables = [each["table"] for each in listing["nftables"] if "table" in each]
    return Output(0, "".join(f"table {each['family']} {each['name']}\n" for each in tables))


def _under(words: list[str]) -> str:
    """Return the mark under the table's name, which is the fourth word."""
    return " " * len(" ".join([*words[:3], ""])) + "^" * len("".join(words[3:4]))


def _ipset(host: Host, words: list[str]) -> Output:
    if sorted(words) in (["-n", "list"], ["-name", "list"]):
        return Output(0, "".join(f"{name}\n" for name in host.network.ipsets))
    return Output(1, err=f"the sandbox's ipset does not know: {' '.join(words)}\n")


def _modprobe(host: Host, words: list[str]) -> Output:
    kernel, missing = host.kernel, ""
    for word in (word for word in words if not word.startswith("-")):
        name = word.replace("-", "_").removeprefix("ip_vs_")
        if name in kernel.modules and kernel.has_ipvs:
            kernel.loaded.add(name)
        elif name != "ip_vs" or not kernel.has_ipvs:
            missing += f"modprobe: FATAL: Module {word} not found in directory /lib/modules/{kernel.release}\n"
    return Output(1 if missing else 0, err=missing)


def _is_directory(host: Host, path: str) -> bool:
    """Tell whether there is such a directory: of a module that is loaded."""
    kernel = host.kernel
    names = {"ip_vs", *(f"ip_vs_{name}" for name in kernel.loaded)} if kernel.has_ipvs else set()
    return path.rstrip("/") in {f"/sys/module/{name}" for name in names}


def file_text(host: Host, path: str) -> str | None:
    """Return the text of one of the files there are, None for any other path."""
    kernel = host.kernel
    sysctl = "/proc/sys/net/ipv4/conf/all"
    modules = f"/lib/modules/{kernel.release}"
    files: dict[str, Callable[[], str]] = {
        "/proc/modules": kernel.modules_text,
        "/proc/sys/kernel/osrelease": lambda: f"{kernel.release}\n",
        f"{modules}/modules.builtin": lambda: "kernel/fs/ext4/ext4.ko\nkernel/lib/crc32.ko\n",
        f"{modules}/modules.dep": kernel.dependencies_text,
        f"{sysctl}/arp_ignore": lambda: "1\n" if kernel.strict_arp else "0\n",
        f"{sysctl}/arp_announce": lambda: "2\n" if kernel.strict_arp else "0\n",
        **{f"/proc/sys/net/ipv4/vs/{name}": partial("{}\n".format, value) for name, value in host.vs_sysctls.items()},
        "/proc/net/dev": host.network.devices_text,
        "/proc/net/fib_trie": host.network.routes_text,
        "/proc/net/if_inet6": host.network.addresses_text,
    }
    if host.network.has_dummy:
        files[f"/sys/class/net/{DUMMY}/operstate"] = lambda: "down\n"
    files |= {f"{modules}/{path}": lambda: "\x7fELF" for path in kernel.module_files()}
    if kernel.has_ipvs:
        files |= {"/proc/net/ip_vs": kernel.proc_text, "/proc/net/ip_vs_stats": host.stats_text}
        files["/proc/net/ip_vs_conn"] = lambda: connections_text(kernel.shared, old="old-connections" in host.faults)
    return files[path]() if path in files else None


_PLAYED: dict[str, Callable[[Host, list[str]], Output]] = {
    "cat": _cat,
    "echo": lambda _, words: Output(0, " ".join(words) + "\n"),
    "hostname": lambda host, _: Output(0, f"{host.name}\n"),
    "ipset": _ipset,
    "ipvsadm": _ipvsadm,
    "modprobe": _modprobe,
    "nft": _nft,
}
