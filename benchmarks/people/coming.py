"""Measures what it costs if users with unread notifications connect all at once, as after a restart, compared with as
many users who connect to an endpoint that reads nothing from the store."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from msgspec import Struct

from benchmarks.measuring import Failed, cpu_s, free_port, running, token_of, wallet_of
from benchmarks.people.crowd import UNDER_WAY, crowd
from benchmarks.rows import Row, Target, row
from benchmarks.servers import LIMITS_OFF, SECRET

MOST_BESIDE = 5.0
"""The maximum cost of a user with notifications, divided by the cost of a user of the other endpoint. It would be 16 if
the server read the notifications of each user separately."""
UNREAD = 2
"""How many notifications each user has, including `OTHERS` users who do not connect."""
OTHERS = 5_000
SETTLE_S = 1.0


class Round(Struct, frozen=True):
    """CPU of the server per user, in ms: at the notifications endpoint, and at the one that reads nothing."""

    notifications_ms: float
    beside_ms: float


def measure(users: int, rounds: int) -> list[Row]:
    """Raises `Failed`."""
    found = [_round([wallet_of(number) for number in range(users)]) for _ in range(rounds)]
    name = f"{users:,} users connect, {UNDER_WAY} at a time: CPU each"
    return [
        row(name, "ms", [one.notifications_ms for one in found]),
        row(
            f"{name}, × without a store",
            "×",
            [one.notifications_ms / one.beside_ms for one in found],
            Target("most", MOST_BESIDE, decides=True),
        ),
    ]


def _round(wallets: Sequence[str]) -> Round:
    port = free_port()
    environment = {
        **LIMITS_OFF,
        "DUELCAST_FEED": "none",
        "DUELCAST_PORT": str(port),
        "DUELCAST_JWT_SECRET": SECRET,
    }
    command = [str(Path(sys.executable).with_name("duelcast")), "serve"]
    with running("duelcast", command, environment, port) as pid:
        url = f"ws://127.0.0.1:{port}/api/v69/ws"
        _notify(f"http://127.0.0.1:{port}/api/v69/notifications", wallets)
        beside_ms = _cpu_ms(pid, f"{url}/analytics", wallets)
        return Round(notifications_ms=_cpu_ms(pid, f"{url}/notifications", wallets), beside_ms=beside_ms)


def _notify(url: str, wallets: Sequence[str]) -> None:
    others = [wallet_of(len(wallets) + number) for number in range(OTHERS)]
    headers = {"Authorization": f"Bearer {token_of('benchmark', 'admin')}"}
    body = {"type": "NEWS", "title": "Benchmark", "content": "It goes on.", "wallets": [*wallets, *others]}
    for _ in range(UNREAD):
        answer = httpx.post(url, json=body, headers=headers, timeout=60, trust_env=False)
        if not answer.is_success:
            raise Failed(answer.text)
    time.sleep(SETTLE_S)  # what was stored is published after the answer


def _cpu_ms(pid: int, url: str, wallets: Sequence[str]) -> float:
    began_s = cpu_s(pid)
    with crowd(url, wallets):
        spent_s = cpu_s(pid) - began_s
    time.sleep(SETTLE_S)  # the users disconnect
    return spent_s / len(wallets) * 1_000
