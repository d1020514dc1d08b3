"""The client."""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from .clock import Clock, SystemClock
from .core.actions import ConnectionState, Refusal
from .core.core import Core
from .core.frames import Failure
from .core.stores.latest import Latest
from .core.tracking import Stored
from .driver import Driver, Hooks, TokenProvider
from .endpoint import Endpoint
from .errors import error_of
from .generated.contract import ENDPOINTS, EndpointName
from .generated.records import Leaderboard, Price
from .inbox import Inbox
from .messages import Record
from .room import Room
from .socket import CLOSE_TIMEOUT_S, USER_AGENT, Options
from .streams import Newest, Stream
from .types import record_of
from .wish import Wish

E = TypeVar("E", bound=EndpointName)
R = TypeVar("R", bound=Record)

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


class Client:
    """A client of a Duelcast server, to be used as an asynchronous context manager.

    It has one connection per endpoint, as long as something is followed or requested there, and reconnects by itself.

    `url` is the server's address, such as `https://contests.example`. `token` is a token, or a function that
    returns one, or None or an empty string if nobody is signed in; it may be asynchronous, and is called before
    each connection and before a token expires. `ssl`, `proxy` and `user_agent` concern connections: see
    `websockets`. `close_timeout` is how long closing may take, in seconds. The hooks are called in the loop:
    `on_state` after each change of a connection's state, `on_refusal` if the server does not let the client follow
    something, and `on_frame` with the endpoint and the text of each message that arrives.
    """

    def __init__(
        self,
        url: str,
        *,
        token: TokenProvider = None,
        ssl: tls.SSLContext | None = None,
        proxy: str | Literal[True] | None = True,
        user_agent: str = USER_AGENT,
        close_timeout: float = CLOSE_TIMEOUT_S,
        on_state: Callable[[ConnectionState], None] | None = None,
        on_refusal: Callable[[Refusal], None] | None = None,
        on_frame: Callable[[str, str], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("the address of a server looks like https://host or ws://host:port")
        self._url = f"{_SCHEMES[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}"
        self._token = token
        self._options = Options(ssl, proxy, user_agent, close_timeout)
        self._clock = clock or SystemClock()
        self._hooks = Hooks(on_state, on_refusal, on_frame)
        self._opened: Driver | None = None

    def __repr__(self) -> str:
        return f"Client({urlsplit(self._url)._replace(netloc=urlsplit(self._url).hostname or '').geturl()!r})"

    async def __aenter__(self) -> Client:
        if self._opened is None:
            self._opened = Driver(self._url, self._token, self._options, self._clock, self._hooks)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End everything, for good: requests and iterators raise `Closed`.

        Returns within the time-out for closing, even if the server does not answer, and leaves no task behind, even if
        it is cancelled.
        """
        if self._opened is not None:
            await self._opened.close()

    # ── following ─────────────────────────────────────────────────────────────────────────────────────────────────

    def market(self, *symbols: str) -> Stream[Price]:
        """The newest prices of symbols, or of all (`*`). Only the newest price of a symbol waits for a slow reader.

        The iterator raises `Refused` if the server knows none of the symbols; one of several that is unknown is asked
        for again until it appears.
        """
        if not symbols:
            raise ValueError("name at least one symbol, or `*` for all")
        return self._latest("market-data", lambda core: core.prices(symbols), Price)

    def leaderboard(self, contest_id: int) -> Stream[Leaderboard]:
        """The newest leaderboard of a contest: its first 100 rows."""
        return self._latest("contest", lambda core: [core.leaderboard(contest_id)], Leaderboard)

    def room(self, contest_id: int) -> Room:
        """The room of a contest, to be used as an asynchronous context manager."""
        return Room(self._driver, contest_id)

    def inbox(self) -> Inbox:
        """The user's notifications, to be used as an asynchronous context manager."""
        return Inbox(self._driver)

    def _latest(self, endpoint: str, want: Callable[[Core], list[Latest]], kind: type[R]) -> Stream[R]:
        """The newest values of the stores that `want` returns."""
        driver = self._driver

        def begin() -> tuple[Newest[R], Wish]:
            with driver.turn() as core:
                stores = want(core)

            def read(channel: str) -> R | None:
                found = (store.newest[channel] for store in stores if channel in store.newest)
                return record_of(next(found, None), kind)

            feed = Newest(read)
            for channel in [channel for store in stores for channel in store.newest]:
                feed.change(channel)
            return feed, Wish(driver, endpoint, stores, feed.change, feed.bell.ring)

        return Stream(begin)

    # ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────

    def endpoint(self, name: E) -> Endpoint[E]:
        """An endpoint by its name, such as `market-data`. For type checkers, cast a name that is only known at run time
        to `EndpointName`; this raises `ValueError` if there is no such endpoint."""
        if name not in ENDPOINTS:
            raise ValueError(f"there is no endpoint {name!r}; there are {', '.join(ENDPOINTS)}")
        return Endpoint(self._driver, name)

    @property
    def analytics(self) -> Endpoint[Literal["analytics"]]:
        return self.endpoint("analytics")

    @property
    def circuit_breaker(self) -> Endpoint[Literal["circuit-breaker"]]:
        return self.endpoint("circuit-breaker")

    @property
    def contest(self) -> Endpoint[Literal["contest"]]:
        return self.endpoint("contest")

    @property
    def market_data(self) -> Endpoint[Literal["market-data"]]:
        return self.endpoint("market-data")

    @property
    def monitor(self) -> Endpoint[Literal["monitor"]]:
        return self.endpoint("monitor")

    @property
    def notifications(self) -> Endpoint[Literal["notifications"]]:
        return self.endpoint("notifications")

    @property
    def skyduel(self) -> Endpoint[Literal["skyduel"]]:
        return self.endpoint("skyduel")

    @property
    def system_settings(self) -> Endpoint[Literal["system-settings"]]:
        return self.endpoint("system-settings")

    @property
    def token_data(self) -> Endpoint[Literal["token-data"]]:
        return self.endpoint("token-data")

    def track(self, event: str, data: Mapping[str, Any] | None = None) -> asyncio.Future[Stored]:
        """Track an event. It is kept, and sent again with the same id, until the server has stored it; the future is
        done then, and need not be awaited. It fails with `RequestFailed` if the server refuses the event, or if more
        than 1,000 newer ones wait, and with `Closed`. Raises `TypeError` if `data` cannot be JSON, and
        `UnicodeEncodeError` for text that is not Unicode."""
        future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # it need not be retrieved

        def settled(outcome: Stored | Failure) -> None:
            if future.done():
                return
            if isinstance(outcome, Failure):
                future.set_exception(error_of(outcome))
            else:
                future.set_result(outcome)

        with self._driver.turn() as core:
            core.track(event, dict(data) if data is not None else None, settled)
        return future

    # ── the client itself ─────────────────────────────────────────────────────────────────────────────────────────

    def set_token(self, token: TokenProvider) -> None:
        """Use another token, or another provider, from now on: after signing in or out. All connections are made
        anew."""
        self._token = token
        self._driver.set_provider(token)

    @property
    def states(self) -> dict[str, ConnectionState]:
        """The state of the connection to each endpoint that was used so far."""
        return {state.endpoint: state for state in self._driver.core.states()}

    @property
    def clock_offset(self) -> float | None:
        """The server's time minus this machine's, in seconds; None until it is known."""
        offset_ms = self._driver.core.offset.ms
        return None if offset_ms is None else offset_ms / 1000

    @property
    def dropped_events(self) -> int:
        """How many tracked events were dropped because more than 1,000 waited."""
        return self._driver.core.dropped_events

    @property
    def _driver(self) -> Driver:
        if self._opened is None:
            raise RuntimeError("the client is not open: use `async with Client(…) as client`")
        return self._opened
