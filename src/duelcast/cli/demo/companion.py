"""Runs the demo beside its server, as an ordinary client of that server. The demo needs an empty database, or one that
an earlier demo created."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack

import typer

from duelcast.cli.demo.api import Api, Passes, trust_of
from duelcast.cli.demo.crowd import Crowd
from duelcast.cli.demo.guide import guide
from duelcast.cli.demo.organiser import Contest, Organiser
from duelcast.cli.demo.past import store_past
from duelcast.cli.demo.people import BOTS
from duelcast.cli.demo.seat import Seat
from duelcast.cli.demo.show import Show
from duelcast.cli.greeting import websocket_url
from duelcast.cli.issue_token import issuer_of
from duelcast.clock import SystemClock
from duelcast.feeds.source import Feed
from duelcast.feeds.spec import build_feeds
from duelcast.settings import ConfigurationError, Settings
from duelcast.store import key_values
from duelcast.store.database import Database, Transaction

SEATS = 12
"""The number of bots that have a connection of their own and can chat; the others only trade."""


class Demo:
    """Contests of `round_s` seconds on a server with these settings, which must include a secret."""

    def __init__(self, settings: Settings, round_s: float) -> None:
        self._settings = settings
        self._round_s = round_s

    async def claim(self, database: Database) -> None:
        clock = SystemClock()
        await claim(database, build_feeds(self._settings.feed, clock), clock.time())

    async def run(self, url: str) -> None:
        clock, rng = SystemClock(), random.Random()  # noqa: S311 - entertains, guards nothing
        websocket, trust = websocket_url(self._settings, url), trust_of(self._settings)
        passes = Passes(issuer_of(self._settings))
        async with Api(f"http{websocket.removeprefix('ws')}", trust, passes) as api, AsyncExitStack() as stack:
            seats = [await stack.enter_async_context(Seat(bot, websocket, trust, passes)) for bot in BOTS[:SEATS]]
            crowd = Crowd(api, seats, clock, rng)

            def opened(contests: list[Contest]) -> None:
                typer.echo(guide(websocket, passes, contests, crowd.symbols, console=self._settings.console))

            organiser = Organiser(api, clock, rng, self._round_s)
            await Show(organiser, crowd, clock, rng, self._round_s, opened).run()


async def claim(database: Database, feeds: Sequence[Feed], now_s: float) -> None:
    """Mark an empty database as demo data, and store the past of the market at `now_s` (epoch), before any other demo
    data is written to it.

    Raises `ConfigurationError` if the database is neither empty nor marked already.
    """

    async def mark(transaction: Transaction) -> None:
        if await _is_empty(transaction):
            await key_values.add_value(transaction, key_values.DEMO, True)
            await store_past(transaction, feeds, now_s)

    await database.write(mark)


async def _is_empty(transaction: Transaction) -> bool:
    """Whether the database is empty; if not, it must be marked. Raises `ConfigurationError`."""
    if await key_values.find_value(transaction, key_values.DEMO) is not None:
        return False
    if not await key_values.is_empty(transaction):
        raise ConfigurationError(
            "The database contains data that `duelcast demo` did not create, and bots would spoil it. Run the server "
            "alone with `duelcast serve`, or set DUELCAST_DATA_DIR to another folder for the demo."
        )
    return True
