"""What the handlers find of the server that a request came to.

The framework takes a quarter of a second to make its routes, and they are the same for all servers of a process.
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
    """One server. `provided` is what handlers may ask for by name."""

    services: HttpServices
    charges: Charges
    provided: Mapping[str, object]


def server_of(scope: Scope) -> ServerState:
    """The server that a request came to."""
    return cast("ServerState", scope["state"]["server"])
