"""Runs a user's exec plugin (client.authentication.k8s.io/v1, v1beta1) and takes the credentials it prints.

Our own runner and not `kubernetes.config.exec_provider.ExecProvider`, which (31 to 37) ignores
interactiveMode and installHint, hands the plugin our stdin when it should not, swallows its stderr unless
stdout is a terminal, starts it in another folder than kubectl does, takes a token or a certificate but never
both, and costs 0.3 s to import.

The plugin is run once, in the current folder, with our environment and the configured variables. At a
terminal its stderr is the user's; otherwise it is passed on as it comes and its last lines are in the error
too. What it prints on stdout is a secret: no error quotes it.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import IO, NamedTuple

from kubectl_ipvs.cluster.access.kubeconfig_entries import ClusterEntry, ExecEntry
from kubectl_ipvs.cluster.access.masked_repr import shown
from kubectl_ipvs.cluster.access.typed_mapping import Fields
from kubectl_ipvs.errors import KubeconfigError

_STDERR_WAIT = 0.5  # seconds; a browser that the plugin leaves behind may hold its stderr open for ever


class ExecCredential(NamedTuple):
    """What a plugin gave: a token, or a certificate and its key (PEM), or both; "" for what it did not."""

    token: str = ""
    certificate: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return shown(self, {"token", "certificate", "key"})


def run_plugin(
    plugin: ExecEntry,
    cluster: ClusterEntry,
    authority: bytes,
    environ: Mapping[str, str],
) -> ExecCredential:
    """Run the plugin for a cluster whose CA is `authority` (PEM). Raises KubeconfigError."""
    interactive = _interactive(plugin)
    info = {"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": {"interactive": interactive}}
    if plugin.provide_cluster_info:
        info["spec"] = {"cluster": _cluster_info(cluster, authority), "interactive": interactive}
    variables = {**environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": json.dumps(info)}
    return _credential(plugin, _output(plugin, _executable(plugin, environ), variables, interactive=interactive))


def _interactive(plugin: ExecEntry) -> bool:
    if plugin.interactive_mode == "Never":
        return False
    terminal = _stdin_is_terminal()
    if plugin.interactive_mode == "Always" and not terminal:
        raise _failed("exec plugin cannot support interactive mode: standard input is not a terminal")
    return terminal


def _stdin_is_terminal() -> bool:
    try:
        return os.isatty(0)
    except OSError:
        return False


def _cluster_info(cluster: ClusterEntry, authority: bytes) -> dict[str, object]:
    info: dict[str, object] = {
        "server": cluster.server,
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": b64encode(authority).decode(),
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
    }
    info = {key: value for key, value in info.items() if value}
    return info if cluster.exec_config is None else {**info, "config": cluster.exec_config}


def _executable(plugin: ExecEntry, environ: Mapping[str, str]) -> str:
    if os.sep in plugin.command:
        return plugin.command
    found = shutil.which(plugin.command, path=environ.get("PATH", ""))
    if not found:
        raise _failed(f"exec: executable {plugin.command} not found", hint=_install_hint(plugin))
    return found


def _install_hint(plugin: ExecEntry) -> str:
    own = " ".join(_printable(plugin.install_hint).split())
    return own or "the kubeconfig gets this user's credentials from that program: install it, or put it on the PATH"


def _output(plugin: ExecEntry, executable: str, variables: Mapping[str, str], *, interactive: bool) -> bytes:
    try:
        process = subprocess.Popen(  # noqa: S603 - to run the program that the kubeconfig names is the task
            [executable, *plugin.args],
            env=variables,
            stdout=subprocess.PIPE,
            stdin=None if interactive else subprocess.DEVNULL,
            stderr=None if interactive else subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", "") or "it cannot be started").lower()
        raise _failed(f"exec: {plugin.command}: {reason}", hint=_install_hint(plugin)) from error
    with process:
        stderr = _Relay(process.stderr) if process.stderr else None
        output = process.stdout.read() if process.stdout else b""
        code = process.wait()
        said = stderr.last_lines() if stderr else ""
    if code:
        raise _failed(f"exec: executable {plugin.command} failed with exit code {code}" + (said and f": {said}"))
    return output


class _Relay:
    """Passes a plugin's stderr on to ours as it comes, and remembers the end of it."""

    def __init__(self, stderr: IO[bytes]) -> None:
        self._tail = b""
        self._descriptor = os.dup(stderr.fileno())  # our own: it may outlive the process and its pipes
        self._thread = threading.Thread(target=self._pass_on, daemon=True)
        self._thread.start()

    def _pass_on(self) -> None:
        while chunk := os.read(self._descriptor, 65536):
            self._tail = (self._tail + chunk)[-4096:]
            sys.stderr.write(chunk.decode(errors="replace"))
            sys.stderr.flush()
        os.close(self._descriptor)

    def last_lines(self) -> str:
        self._thread.join(_STDERR_WAIT)
        lines = _printable(self._tail.decode(errors="replace")).splitlines()
        return " / ".join([line.strip() for line in lines if line.strip()][-3:])


def _credential(plugin: ExecEntry, output: bytes) -> ExecCredential:
    try:
        answer = json.loads(output)
    except ValueError as error:
        raise _failed(f"exec: {plugin.command} printed no JSON") from error
    fields = Fields(f"getting credentials: exec: {plugin.command}: decoding stdout", answer)
    _check_answer(plugin, fields)
    status = fields.child("status")
    _check_expiry(plugin, status.text("expirationTimestamp"))
    credential = ExecCredential(
        status.text("token"),
        status.text("clientCertificateData"),
        status.text("clientKeyData"),
    )
    if not (credential.token or credential.certificate or credential.key):
        raise _failed("exec plugin didn't return a token or cert/key pair")
    if bool(credential.certificate) != bool(credential.key):
        raise _failed("exec plugin returned only certificate or key, not both")
    return credential


def _check_answer(plugin: ExecEntry, fields: Fields) -> None:
    returned = fields.text("apiVersion")
    if returned != plugin.api_version:
        raise _failed(
            f"exec plugin is configured to use API version {plugin.api_version}, plugin returned version "
            f"{_printable(returned) or 'none'}",
        )
    if fields.text("kind") not in {"", "ExecCredential"}:
        raise _failed(f"exec: {plugin.command} printed something else than an ExecCredential")
    if "status" not in fields:
        raise _failed("exec plugin didn't return a status field")


def _check_expiry(plugin: ExecEntry, timestamp: str) -> None:
    """Refuse what is no longer valid: kubectl sends it, and the server's 401 does not tell why."""
    if not timestamp:
        return
    try:
        expires = datetime.strptime(timestamp[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
        expires -= _utc_offset(timestamp[19:])
    except ValueError as error:
        raise _failed(f"exec: {plugin.command}: decoding stdout: expirationTimestamp is no RFC 3339 time") from error
    if expires < time.time():
        raise _failed(f"exec: {plugin.command} gave a credential that expired at {timestamp}")


def _utc_offset(rest: str) -> float:
    """Return the seconds of the zone in `Z`, `.123Z`, `+02:00`: datetime reads them since Python 3.11."""
    zone = rest.lstrip(".0123456789") if rest.startswith(".") else rest
    offset = datetime.strptime(zone.replace("z", "Z"), "%z").utcoffset()
    return offset.total_seconds() if offset else 0.0


def _failed(problem: str, hint: str = "") -> KubeconfigError:
    return KubeconfigError(f"getting credentials: {problem}", hint=hint)


def _printable(text: str) -> str:
    """Spell out every control character but white space, as kubectl does in an installHint."""
    return "".join(c if c.isprintable() or c in "\t\n\v\f\r" else f"U+{ord(c):04X}" for c in text)
