"""Gateways and a leader on one machine, as processes under one supervisor."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from duelcast.app.supervisor import Program
from duelcast.settings import Settings

LEADER, GATEWAY = 0, 1
"""Stages."""


def workers_of(settings: Settings, options: Sequence[str]) -> Iterator[Program]:
    """The programs; `options` are those of `duelcast serve`. The operations ports of the gateways count up from
    `ops_port`, and the leader's comes after them."""
    command = (sys.executable, "-m", "duelcast.cli", "serve", *options)
    yield Program(
        name="leader",
        command=command,
        environment=_environment(settings, "leader", settings.workers),
        stage=LEADER,
    )
    for number in range(settings.workers):
        yield Program(
            name=f"gateway-{number + 1}",
            command=command,
            environment=_environment(settings, "gateway", number),
            stage=GATEWAY,
        )


def _environment(settings: Settings, role: str, number: int) -> dict[str, str]:
    environment = {"DUELCAST_ROLE": role, "DUELCAST_WORKERS": "0", "DUELCAST_REUSE_PORT": "true"}
    if settings.ops_port is not None:
        environment["DUELCAST_OPS_PORT"] = str(settings.ops_port + number)
    return environment
