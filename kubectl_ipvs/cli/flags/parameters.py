"""Parameters that some commands have alike: the type, the words of the help and the metavar, once for all of them."""

from typing import Annotated, TypeAlias

import typer

Nodes: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="NODE...", help="These nodes alone.", show_default=False),
]
Output: TypeAlias = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FORMAT", help="One of: wide, json, yaml, name.", show_default=False),
]
OneService: TypeAlias = Annotated[
    str,
    typer.Option("--service", metavar="NAMESPACE/NAME", help="Only rows of this Service.", show_default=False),
]
Address: TypeAlias = Annotated[
    str,
    typer.Option(
        "--address",
        metavar="IP[:PORT]",
        help="Only virtual servers at, or with a real server at, this address.",
        show_default=False,
    ),
]
AllNamespaces: TypeAlias = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="Services of all namespaces, as without -n.")
]
Interval: TypeAlias = Annotated[
    str, typer.Option("--interval", metavar="TIME", help="How long to wait between two looks.")
]
