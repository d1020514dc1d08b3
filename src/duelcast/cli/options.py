"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="TOML file of settings (default: DUELCAST_CONFIG).")
]

HostOption = Annotated[str | None, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on.")]
FeedOption = Annotated[str | None, typer.Option(help="Sources of prices, separated by `;`.")]
TlsCertOption = Annotated[Path | None, typer.Option(help="PEM file of the certificate chain.")]
TlsKeyOption = Annotated[Path | None, typer.Option(help="PEM file of the private key.")]
RoleOption = Annotated[str | None, typer.Option(help="all, gateway or leader (see docs/operations.md).")]
WorkersOption = Annotated[
    int | None, typer.Option(help="Start so many gateways on one port, and a leader, as processes of their own.")
]
SupervisorOption = Annotated[int | None, typer.Option(hidden=True)]
RootPathOption = Annotated[str | None, typer.Option(help="Path under which a proxy publishes the server.")]

_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_duration(text: str) -> int:
    """The seconds in `90s`, `15m`, `1h` or `7d`. Raises `typer.BadParameter` for anything else, including 0."""
    found = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", text)
    if found is None:
        raise typer.BadParameter("give a number and a unit, such as 90s, 15m, 1h or 7d")
    return int(found[1]) * _UNIT_S[found[2]]
