"""The state that handlers get from the server that a request came to.

The framework takes a quarter of a second to build its routes, so all servers of a process share them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from litestar.types import Scope

from duelcast.http.charges import Charges
from duelcast.http.services import HttpServices


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server. `provided` is what handlers may request by name."""

    services: HttpServices
    charges: Charges
    provided: Mapping[str, object]


def server_of(scope: Scope) -> ServerState:
    """The server that a request came to."""
    return cast("ServerState", scope["state"]["server"])
