"""What strangers do to a server while one client behaves well; `make test-hostile`, also with ARGS="--minutes 20".

The longest turn of the server's loop, its memory, its descriptors and its log stay within bounds. Round trips are
printed and not judged, since they depend on the machine.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.endpoints.kit import Auth, Endpoint
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.process import START_TIMEOUT_S, kill, serving
from tests.hostile.acts import ACTS
from tests.hostile.gauges import Worst
from tests.hostile.matrix import COPIES, Figures, Watch, addresses, play
from tests.hostile.states import State, http_states, websocket_states
from tests.hostile.watched import TURNS
from tests.serving import SECRET

pytestmark = [pytest.mark.hostile]

MAX_TURN_MS = 50.0
MAX_MEMORY_MIB = 64.0
MAX_LOG_LINES = 1_000
"""Of all waves once."""
_ROOT = Path(__file__).parents[2]
GUEST = "192.0.2.255"
WATCHED = (sys.executable, "-m", "tests.hostile.watched")
DEADLINES = {
    "heartbeat_interval_s": 2,
    "heartbeat_timeout_s": 4,
    "fragment_timeout_s": 2,
    "http_head_timeout_s": 2,
    "http_body_timeout_s": 2,
    "http_idle_timeout_s": 2,
    "http_linger_timeout_s": 2,
    "http_write_timeout_s": 2,
    "auth_timeout_s": 2,
    "close_timeout_s": 2,
    "slow_close_timeout_s": 2,
}


async def test_strangers_neither_stop_nor_fill_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    turns_file, waits_file = tmp_path / "turns", tmp_path / "waits"
    turns, waits = Worst(turns_file), Worst(waits_file)
    monkeypatch.setenv(TURNS, str(turns_file))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(_ROOT), os.environ.get("PYTHONPATH", "")]))
    figures: list[Figures] = []
    ends_s = time.monotonic() + 60 * float(request.config.getoption("--minutes", default=0))
    async with serving(
        tmp_path,
        command=WATCHED,
        feed="simulated?symbols=40",
        jwt_secret=SECRET,
        trusted_proxies="127.0.0.0/8",
        log_format="json",
        **DEADLINES,
    ) as server:
        guest = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.hostile.guest", server.ws_url("market-data"), str(waits_file), GUEST)
        )
        try:
            await _until(lambda: waits.value > 0, guest)
            watch = Watch(server, turns, waits)
            rounds = 0
            while True:
                rounds += 1
                for title, act in _waves():
                    await play(watch, title, act, _states(title), server.port, figures)
                    _say(f"{figures[-1]} {figures[-1].held or ''}")
                    if rounds == 1 and act == next(iter(ACTS)):
                        watch.count_descriptors()
                    assert guest.returncode is None, "the well-behaved client was sent away"
                if time.monotonic() >= ends_s:
                    break
            assert await watch.until_closed() == [], "descriptors stay open that are no connection's"
        finally:
            await kill(guest)
        lines = server.log_text().count("\n")
    _report(figures, lines)
    assert {one.title: one.held for one in figures if one.held} == {}
    assert max(one.turn_ms for one in figures) <= MAX_TURN_MS
    assert max(one.memory_mib for one in figures) <= MAX_MEMORY_MIB
    assert lines <= MAX_LOG_LINES * rounds


def _waves() -> Iterator[tuple[str, str]]:
    """Of each act. Acts that cost the machine next to nothing meet all surfaces at once, the others one after the
    other."""
    for act in ACTS:
        for title in ["all"] if act in ("silence", "trickle") else _SURFACES:
            yield title, act


_ENDPOINTS = {endpoint.name: endpoint for endpoint in find_endpoints().values()}
_SURFACES = ("http", *_ENDPOINTS)
_addresses = addresses()
_numbers = itertools.count(1)


def _states(title: str) -> list[State]:
    """Those of HTTP or an endpoint, or of all, several times."""
    states: list[State] = []
    for surface in _SURFACES if title == "all" else [title]:
        for _ in range(COPIES):
            if surface == "http":
                states += _each_alone(lambda address: http_states(address, _token(Role.USER)))
            else:
                states += _each_alone(partial(_states_of, _ENDPOINTS[surface]))
    return states


def _states_of(endpoint: Endpoint, address: str) -> Iterator[State]:
    token = None if endpoint.auth is Auth.PUBLIC else _token(_least_role(endpoint))
    return websocket_states(endpoint.name, address, token)


def _each_alone(states_of: Callable[[str], Iterator[State]]) -> Iterator[State]:
    """Each state of a surface with an address and a wallet that no other has: no bucket is that of two."""
    for number, _ in enumerate(states_of("192.0.2.1")):
        yield next(itertools.islice(states_of(next(_addresses)), number, None))


def _least_role(endpoint: Endpoint) -> Role:
    return Role.ADMIN if endpoint.auth is Auth.ADMIN else Role.USER


def _token(role: Role) -> str:
    return TokenIssuer(SystemClock(), SECRET).issue(f"stranger-{next(_numbers)}", role)


def _report(figures: list[Figures], lines: int) -> None:
    _say(f"{len(figures)} waves, {sum(one.connections for one in figures)} connections, {lines} lines of log")
    _say(f"longest turn:   {max(figures, key=lambda one: one.turn_ms)}")
    _say(f"longest wait:   {max(figures, key=lambda one: one.wait_ms)}")
    _say(f"highest memory: {max(figures, key=lambda one: one.memory_mib)}")


def _say(line: str) -> None:
    """Show a line while the test goes on; `make test-hostile` lets it through."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _until(reached: Callable[[], bool], guest: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while not reached():
            assert guest.returncode is None
            await asyncio.sleep(0.05)
