"""The flags that every command takes, before or after its name: kubectl's connection flags, and where kube-proxy is.

A command is a function whose first parameter is a Session; `command` gives it these flags as hidden options (they
are listed once, in the main help) and merges both places: what stands after the command wins. A parameter `rollout` is
given the flags of every command that restarts kube-proxy (`flags/rollout.py`).
"""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import typer
from typer.core import TyperCommand

from kubectl_ipvs.cli.flags.rollout import ROLLOUT, RolloutFlags
from kubectl_ipvs.cli.session import Session

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EPILOG = "The flags of `kubectl ipvs --help` (--context, --namespace ...) can be given here, too."
# click's ClickException: typer carries its own click since 0.26 and imports the public one before
CLICK_ERROR: Any = typer.BadParameter.__mro__[2]

Text, Texts, Switch, Count = str | None, list[str] | None, bool | None, int | None
FLAGS: Mapping[str, tuple[Any, tuple[str, ...], str, str]] = {  # type, names, metavar, help
    "kubeconfig": (Text, ("--kubeconfig",), "FILE", "The kubeconfig file to use."),
    "context": (Text, ("--context",), "NAME", "The kubeconfig context to use."),
    "cluster": (Text, ("--cluster",), "NAME", "The kubeconfig cluster to use."),
    "user": (Text, ("--user",), "NAME", "The kubeconfig user to use."),
    "server": (Text, ("--server", "-s"), "URL", "Address and port of the API server."),
    "token": (Text, ("--token",), "TOKEN", "Bearer token for the API server."),
    "certificate_authority": (Text, ("--certificate-authority",), "FILE", "The certificate authority's certificate."),
    "client_certificate": (Text, ("--client-certificate",), "FILE", "A client certificate for TLS."),
    "client_key": (Text, ("--client-key",), "FILE", "The client certificate's key."),
    "insecure_skip_tls_verify": (Switch, ("--insecure-skip-tls-verify",), "", "Do not check the server's certificate."),
    "tls_server_name": (Text, ("--tls-server-name",), "NAME", "Name that the server's certificate must have."),
    "username": (Text, ("--username",), "NAME", "User name for basic authentication."),
    "password": (Text, ("--password",), "WORD", "Password for basic authentication."),
    "as_user": (Text, ("--as",), "USER", "User to impersonate."),
    "as_groups": (Texts, ("--as-group",), "GROUP", "Group to impersonate; may be given again."),
    "as_uid": (Text, ("--as-uid",), "UID", "UID to impersonate."),
    "as_user_extra": (Texts, ("--as-user-extra",), "KEY=VALUE", "key=value to impersonate; may be given again."),
    "request_timeout": (Text, ("--request-timeout",), "TIME", "How long one answer may take; 0: for ever."),
    "disable_compression": (Switch, ("--disable-compression",), "", "Do not ask for compressed answers."),
    "namespace": (
        Text,
        ("--namespace", "-n"),
        "NAME",
        "kube-proxy's namespace [default: kube-system]; in [top] services: of Services.",
    ),
    "kube_proxy_namespace": (
        Text,
        ("--kube-proxy-namespace",),
        "NAME",
        "kube-proxy's namespace, in every command. [default: kube-system]",
    ),
    "selector": (
        Text,
        ("--selector", "-l"),
        "LABELS",
        "Label selector of kube-proxy's pods (not of nodes). [default: found]",
    ),
    "daemon_set": (Text, ("--daemonset",), "NAME", "This DaemonSet of kube-proxy's alone. [default: all]"),
    "config_map": (Text, ("--configmap",), "NAME[/KEY]", "This configuration of kube-proxy's alone. [default: found]"),
    "concurrency": (Count, ("--concurrency",), "N", "How many nodes are queried in parallel. [default: 48]"),
    "exec_timeout": (Text, ("--exec-timeout",), "TIME", "How long to wait for one node's table. [default: 10s]"),
    "read": (
        Text,
        ("--read",),
        "WAY",
        "How nodes are read: auto, exec, proxy (its own port alone) or helper (pods). [default: auto]",
    ),
    "helper_image": (
        Text,
        ("--helper-image",),
        "IMAGE",
        "Read nodes that exec cannot by a pod of this image (with cat and sleep) on each. [default: none]",
    ),
    "verbosity": (Text, ("-v", "--v"), "N", "6: log each request; 7: headers; 8, 9: bodies. [default: 0]"),
    "max_output": (Count, ("--max-output",), "MIB", "Most output read of one node. [default: 64]"),
}


def root(here: typer.Context, **given: Any) -> None:  # noqa: ANN401 - one of several types for each flag
    """Keep what stands before the command; without a command, show the help."""
    here.obj = Session.of(given)
    if here.invoked_subcommand is None:
        typer.echo(here.get_help())


@cache
def command(name: str, function: Callable[..., int]) -> Any:  # noqa: ANN401 - click's class moved in typer 0.26
    """Make a command of `function(session, ...)`."""
    own = list(inspect.signature(function).parameters.values())[1:]
    restarts = any(parameter.name == "rollout" for parameter in own)
    if restarts:
        own = [parameter for entry in own for parameter in (_rollout() if entry.name == "rollout" else [entry])]

    def call(here: typer.Context, **given: Any) -> int:  # noqa: ANN401 - each option's own type
        own = {key: given.pop(key) for key in list(given) if key not in FLAGS}
        if restarts:
            own["rollout"] = RolloutFlags(**{key: own.pop(key) for key in ROLLOUT})
        return function(Session.of(given).over(here.obj), **own)

    _sign(call, [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own], hidden=True)
    call.__doc__ = function.__doc__
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(
        name,
        epilog=EPILOG,
        cls=TyperCommand,
        options_metavar="[flags]",
        context_settings=CONTEXT,
        no_args_is_help=False,
    )(call)
    return typer.main.get_command(app)


def _rollout() -> list[inspect.Parameter]:
    """Return the options of every command that restarts kube-proxy."""
    return [_option(key, entry, hidden=False) for key, entry in ROLLOUT.items()]


def _sign(function: Any, own: list[inspect.Parameter], *, hidden: bool) -> None:  # noqa: ANN401 - a function's attributes are set
    """Give a function the signature that typer reads: its own parameters, and FLAGS."""
    here = inspect.Parameter("here", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [here, *own, *(_parameter(key, hidden=hidden) for key in FLAGS)]
    function.__signature__ = inspect.Signature(parameters, return_annotation=int)
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _parameter(key: str, *, hidden: bool) -> inspect.Parameter:
    return _option(key, FLAGS[key], hidden=hidden)


def _option(key: str, entry: tuple[Any, tuple[str, ...], str, str], *, hidden: bool) -> inspect.Parameter:
    kind, names, metavar, words = entry
    default = typer.Option(None, *names, help=words, metavar=metavar or None, hidden=hidden, show_default=False)
    return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


_sign(root, [], hidden=False)
