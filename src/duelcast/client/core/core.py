"""All connections of a client."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any, cast

import msgspec

from .actions import Action, ConnectionState
from .connection import Connection, Surroundings
from .contract import command_facts
from .frames import Failure, Frame
from .offset import ClockOffset
from .requests import DEFAULT_TIMEOUT_MS, Outcome, Request
from .stores.base import Store
from .stores.channel import Channel, Pushes
from .stores.inbox import Inbox
from .stores.latest import Latest
from .stores.room import Room
from .timers import Timers
from .tokens import Answer, Tokens
from .tracking import Stored


class Core:
    """Takes what happens, and collects in `actions` what is to be done.

    The caller sets the time before each call, carries out the actions after each call, and calls `run_due` at the time
    of `timers.next_due_ms()`.
    """

    def __init__(self, now_ms: int, wall_ms: int, *, jitter: Callable[[], float], new_uuid: Callable[[], str]) -> None:
        self.timers = Timers(now_ms, wall_ms)
        self.offset = ClockOffset()
        self._actions: list[Action] = []
        self._tokens = Tokens(self.timers, self._actions.append)
        ids, connections = itertools.count(1), itertools.count(1)
        self._around = Surroundings(
            self.timers,
            self._tokens,
            self.offset,
            self._actions.append,
            lambda: str(next(ids)),
            new_uuid,
            lambda: next(connections),
            jitter,
        )
        self._new_uuid = new_uuid
        self._connections: dict[str, Connection] = {}
        self._is_closed = False
        self._is_hidden = False

    def take_actions(self) -> list[Action]:
        """The actions to carry out, in order. Each is returned once."""
        actions = self._actions[:]
        self._actions.clear()
        return actions

    def state(self, endpoint: str) -> ConnectionState:
        return self._connection(endpoint).state

    def states(self) -> list[ConnectionState]:
        """The states of the endpoints that were used so far."""
        return [connection.state for connection in self._connections.values()]

    @property
    def dropped_events(self) -> int:
        """How many tracked events were dropped because too many waited."""
        return self._connection("analytics").tracking.dropped

    # ── the application ───────────────────────────────────────────────────────────────────────────────────────────

    def prices(self, symbols: Iterable[str]) -> list[Latest]:
        """Want the newest prices of symbols, each once, in upper or lower case; `*` is every symbol."""
        names = dict.fromkeys(symbol.upper() for symbol in symbols)
        made = [self._want("market-data", ("market", name), partial(_prices, name)) for name in names]
        return [cast("Latest", store) for store in self._begin("market-data", made)]

    def leaderboard(self, contest_id: int) -> Latest:
        """Want the leaderboard of a contest."""
        made = self._want("contest", ("leaderboard", contest_id), partial(_leaderboard, contest_id))
        return cast("Latest", self._begin("contest", [made])[0])

    def room(self, contest_id: int) -> Room:
        """Want the room of a contest."""
        return cast(
            "Room", self._begin("contest", [self._want("contest", ("room", contest_id), lambda: Room(contest_id))])[0]
        )

    def inbox(self) -> Inbox:
        """Want the inbox."""
        return cast("Inbox", self._begin("notifications", [self._want("notifications", ("inbox",), Inbox)])[0])

    def channel(self, endpoint: str, channel: str) -> Channel:
        """Want the messages of a channel or group, beginning with its snapshot."""
        made = Channel(endpoint, channel)
        self._begin(endpoint, [self._want(endpoint, made, lambda: made)])
        return made

    def pushes(self, endpoint: str) -> Pushes:
        """Want a connection, and the messages of all channels that it follows."""
        return cast("Pushes", self._begin(endpoint, [self._want(endpoint, ("pushes",), Pushes)])[0])

    def drop(self, endpoint: str, store: Store) -> None:
        """Take back one call of those above, which returned `store`."""
        if not self._is_closed:
            connection = self._connection(endpoint)
            connection.following.wanted.drop(store, self.timers.now_ms)
            connection.wishes_changed()

    def request(
        self,
        endpoint: str,
        command: dict[str, Any],
        settled: Callable[[Outcome], None],
        timeout_ms: int | None = DEFAULT_TIMEOUT_MS,
    ) -> Request | None:
        """Make a request. `settled` is called once, possibly before this returns."""
        connection = self._connection(endpoint)
        if (refusal := connection.refusal()) is not None:
            settled(refusal)
            return None
        facts = command_facts(endpoint, str(command.get("type")))
        request = connection.requests.add(command, facts, settled, timeout_ms)
        connection.wishes_changed()
        return request

    def abort(self, endpoint: str, request: Request) -> None:
        """Cancel a request."""
        self._connection(endpoint).requests.abort(request)

    def say(
        self,
        room: Room,
        text: str,
        settled: Callable[[Outcome], None],
        timeout_ms: int | None = DEFAULT_TIMEOUT_MS,
        message_id: str | None = None,
    ) -> Request | None:
        """Send a chat message; with the `message_id` of one that failed, in its place. Raises `UnicodeEncodeError` for
        text that is not Unicode."""
        message_id = message_id or self._new_uuid()
        command = {"type": "send_chat_message", "contestId": room.contest_id, "text": text, "messageId": message_id}
        msgspec.json.encode(command)  # raises before anything is kept

        def stored(outcome: Outcome) -> None:
            if isinstance(outcome, Frame) and outcome.head.channel is None:
                room.receive(outcome)
            # If the answer is not the message, nobody knows whether the message is stored.
            failure = outcome if isinstance(outcome, Failure) else Failure("UNKNOWN_REPLY", "The answer is unknown.")
            if room.chat.failed(message_id, failure):
                room.changed()
            settled(outcome)

        room.chat.sending(message_id, text)
        room.changed()
        return self.request("contest", command, stored, timeout_ms)

    def track(self, event: str, data: dict[str, Any] | None, settled: Callable[[Stored | Failure], None]) -> None:
        """Track an event."""
        connection = self._connection("analytics")
        if self._is_closed:
            settled(Failure("CLOSED", "The client is closed."))
            return
        connection.tracking.track(event, data, settled)
        connection.wishes_changed()

    def token_was_set(self) -> None:
        """The provider answers with another token from now on, which the application set."""
        self._tokens.forget()
        for connection in self._connections.values():
            connection.token_was_set()

    def hide(self) -> None:
        """The page is hidden."""
        self._is_hidden = True
        for connection in self._connections.values():
            connection.hide()

    def wake(self, *, visible: bool = False) -> None:
        """The page is visible, the machine is online again, or its clock jumped."""
        self._is_hidden = self._is_hidden and not visible
        for connection in self._connections.values():
            connection.wake(visible=visible)

    def close(self) -> None:
        """End everything for good."""
        self._is_closed = True
        for connection in self._connections.values():
            connection.close()
        self._tokens.forget()
        self.timers.cancel_all()

    # ── the world ─────────────────────────────────────────────────────────────────────────────────────────────────

    def opened(self, connection_id: int) -> None:
        """The socket of a connection is open."""
        if connection := self._find(connection_id):
            connection.opened()

    def received(self, connection_id: int, text: str) -> None:
        """A message arrived."""
        if connection := self._find(connection_id):
            connection.received(text)

    def lost(self, connection_id: int, code: int, reason: str = "") -> None:
        """A connection ended, or the attempt to open it failed. `code` is a close code, or an HTTP status with which
        the server answered the attempt."""
        if connection := self._find(connection_id):
            connection.lost(code, reason)

    def distrusted(self, connection_id: int, reason: str) -> None:
        """The server that answered the attempt cannot be trusted; another attempt would not help."""
        if connection := self._find(connection_id):
            connection.distrusted(reason)

    def token_answered(self, question: int, answer: Answer) -> None:
        """The token provider answered."""
        self._tokens.answer(question, answer)

    # ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _connection(self, endpoint: str) -> Connection:
        connection = self._connections.get(endpoint)
        if connection is None:
            connection = self._connections[endpoint] = Connection(endpoint, self._around)
            if self._is_hidden:
                connection.hide()
            if self._is_closed:
                connection.close()
        return connection

    def _find(self, connection_id: int) -> Connection | None:
        return next((one for one in self._connections.values() if one.id == connection_id), None)

    def _want(self, endpoint: str, key: Hashable, make: Callable[[], Store]) -> tuple[Store, bool]:
        return self._connection(endpoint).following.wanted.want(key, make)

    def _begin(self, endpoint: str, made: list[tuple[Store, bool]]) -> list[Store]:
        connection = self._connection(endpoint)
        new = [store for store, is_new in made if is_new]
        if new:
            connection.following.add(new)
        connection.wishes_changed()
        return [store for store, _ in made]


def _prices(symbol: str) -> Latest:
    return Latest("market-data", f"market.{symbol}", "MARKET_PRICE")


def _leaderboard(contest_id: int) -> Latest:
    return Latest("contest", f"leaderboard.{contest_id}", "leaderboard_update")
