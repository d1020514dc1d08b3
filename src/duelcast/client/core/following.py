"""Follows on each connection what is wanted, from where the connection before it ended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any

from .contract import LATER_CODES, ends_with_room, group_prefix
from .frames import Confirmed, Ended, Error, Established, Failure, Frame, RoomJoined, read
from .pings import Pings
from .positions import Position, Positions
from .stores.base import Store
from .stores.channel import Channel, Pushes
from .stores.inbox import PARTS, Inbox
from .stores.room import Room
from .timers import Timer, Timers
from .wanted import Wanted, channels_of, inboxes_of, rooms_of

MOST_CHANNELS_PER_COMMAND = 500
ASK_AGAIN_MS = 10_000
"""After this time the client asks again for what the server did not find."""
MOST_ROUTES = 10_000

_ITEM = re.compile(r"channels\[(\d+)\]")

Send = Callable[[dict[str, Any]], str]
"""Sends a command, and returns the `requestId` that it gave it."""

Report = Callable[[str, Failure, bool], None]
"""Hears of a refused channel or room, why it is refused, and whether the client asks again by itself."""


class Following:
    """Joins channels and rooms, passes their messages to the stores, and leaves what is not wanted any more."""

    def __init__(self, endpoint: str, timers: Timers, pings: Pings, send: Send, report: Report) -> None:
        self.wanted = Wanted()
        self._endpoint = endpoint
        self._timers = timers
        self._pings = pings
        self._send = send
        self._report = report
        self._positions = Positions()
        self._is_open = False
        self._is_established = False
        self._automatic: list[str] = []
        """The channels that the endpoint joined by itself on the last established connection."""
        self._resumed: set[str] = set()
        """Those of them that the URL of this connection resumes, and that are not confirmed yet."""
        self._asked: dict[str, list[str] | int] = {}
        """By `requestId`: the channels of a `subscribe`, or the contest of a `join_contest_room`."""
        self._retries: list[Timer] = []
        self._stopped: Failure | None = None
        """Why there will be no connection until the application sets a token."""
        self._routes: dict[str, list[Store]] = {}
        """The stores that take the messages of a channel, as far as it was looked up."""

    # ── the connection ────────────────────────────────────────────────────────────────────────────────────────────

    def resume_in_url(self) -> list[tuple[str, Position]]:
        """The channels and positions that the URL of the next connection names."""
        known = [(channel, self._since(channel, self._stores_of(channel))) for channel in self._automatic]
        resumed = [(channel, since) for channel, since in known if since is not None]
        self._resumed = {channel for channel, _ in resumed}
        return resumed

    def opened(self) -> None:
        """The socket is open: ask for everything that is wanted."""
        self._is_open = True
        self._begin_inboxes()
        channels = [channel for channel in self.wanted.channels() if channel not in self._resumed]
        if not self._join(channels, self.wanted.rooms()) and self.wanted.stores():
            self._pings.ping()

    def _begin_inboxes(self) -> None:
        for inbox in inboxes_of(self.wanted.stores()):
            for part in PARTS:
                inbox.begin(part, recovered=False)

    def lost(self) -> None:
        """The connection was lost, or ended."""
        self._is_open = self._is_established = False
        self._asked.clear()
        self._resumed.clear()
        for timer in self._retries:
            timer.cancel()
        self._retries.clear()
        self._positions.lost()
        for store in self.wanted.stores():
            store.lost()

    def stop(self, failure: Failure) -> None:
        """There will be no connection until the application sets a token."""
        self._stopped = failure
        for store in self.wanted.stores():
            store.stop(failure)

    def start(self) -> None:
        """The application has set a token."""
        self._stopped = None
        # The endpoint's own channels may be those of another user now.
        self._automatic = []
        for store in self.wanted.stores():
            store.start()

    def user_changed(self) -> None:
        """Another user is signed in than on the connection before."""
        for store in self.wanted.stores():
            if isinstance(store, Room | Inbox):
                store.forget_user()

    # ── the application ───────────────────────────────────────────────────────────────────────────────────────────

    def add(self, stores: Iterable[Store]) -> None:
        """Begin to follow stores that were not wanted before."""
        new = list(stores)
        self._routes.clear()
        if self._stopped is not None:
            for store in new:
                store.stop(self._stopped)
        if not self._is_open:
            return
        channels = channels_of(new)
        if self._is_established and any(type(store) in (Inbox, Pushes) for store in new):
            # Their channels came with the connection, which is over. Joining them again repeats the snapshots.
            channels += self._automatic
        elif inboxes_of(new):
            self._begin_inboxes()
            self._pings.ping()
        self._join(channels, rooms_of(new))

    def leave(self, stores: Iterable[Store]) -> None:
        """Leave what belonged to `stores` alone. They are not in `wanted` any more."""
        left = list(stores)
        self._routes.clear()
        wanted = self.wanted.channels()
        channels = [name for name in channels_of(left) if name not in wanted and not self._is_held(name)]
        rooms = rooms_of(left)
        for channel in self._positions.channels():
            if not self._stores_of(channel):
                self._positions.forget(channel)
        if not self._is_open:
            return
        if channels:
            self._send({"type": "unsubscribe", "channels": channels})
        for contest_id in rooms:
            self._send({"type": "leave_contest_room", "contestId": contest_id})
        prefixes = tuple(prefix for name in channels if (prefix := group_prefix(self._endpoint, name)) is not None)
        again = [
            name
            for name in self.wanted.channels()
            if name.startswith(prefixes) or any(ends_with_room(name, contest_id) for contest_id in rooms)
        ]
        self._join(again, [])

    def _is_held(self, channel: str) -> bool:
        """Whether any store needs `channel` to be followed; `Pushes` takes what there is."""
        return any(type(store) is not Pushes for store in self._stores_of(channel))

    def requests_joined(self, channels: list[str]) -> None:
        """Requests joined these channels."""
        self.wanted.requested.update(dict.fromkeys(channels))

    def requests_read(self, channels: list[str]) -> None:
        """Requests asked for something, which joined these channels although nobody wants to follow them."""
        for channel in channels:
            store, _ = self.wanted.want(("read", channel), partial(Channel, self._endpoint, channel))
            self.wanted.drop(store, self._timers.now_ms)

    def requests_left(self, channels: list[str]) -> None:
        """Requests left these channels; those that stores want are joined again."""
        for channel in channels:
            self.wanted.requested.pop(channel, None)
        again = channels_of(self.wanted.stores())
        self._join([channel for channel in channels if channel in again], [])

    # ── joining ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _join(self, channels: list[str], rooms: list[int]) -> bool:
        """Ask for channels and rooms, and for the end of what they bring. Returns whether there were any."""
        joined = self._joined_with()
        remaining = iter(channels)
        while part := list(islice(remaining, MOST_CHANNELS_PER_COMMAND)):
            entries = [_entry(name, self._since(name, joined.get(name, ()))) for name in part]
            self._asked[self._send({"type": "subscribe", "channels": entries})] = part
        for contest_id in rooms:
            since = self._since(f"chat.{contest_id}", self._rooms_of(contest_id))
            command: dict[str, Any] = {"type": "join_contest_room", "contestId": contest_id}
            if since is not None:
                command["since"] = since._asdict()
            self._asked[self._send(command)] = contest_id
        if channels or rooms:
            self._pings.ping()
        return bool(channels or rooms)

    def _since(self, channel: str, stores: Iterable[Store]) -> Position | None:
        """The position from which to resume `channel` for `stores`; None if one of them needs the snapshot."""
        return self._positions.since(channel) if all(store.has_begun(channel) for store in stores) else None

    def _joined_with(self) -> dict[str, list[Store]]:
        """The stores for which each channel is subscribed to."""
        stores: dict[str, list[Store]] = {}
        for store in self.wanted.stores():
            for channel in channels_of([store]):
                stores.setdefault(channel, []).append(store)
        return stores

    def _rooms_of(self, contest_id: int) -> list[Room]:
        return [one for one in self.wanted.stores() if isinstance(one, Room) and one.contest_id == contest_id]

    def refused(self, frame: Frame) -> bool:
        """Take an error. Returns whether it refuses something that was asked for."""
        asked = self._asked.get(frame.head.requestId or "")
        error = read(frame.text, Error)
        if asked is None or error is None:
            return asked is not None
        failure = Failure.of(error)
        if isinstance(asked, int):
            channels, rooms = [], [asked]
        else:
            item = _ITEM.match(error.field or "")
            channels, rooms = asked[int(item[1]) : int(item[1]) + 1] if item else asked, []
        may_pass = error.code in LATER_CODES or any(map(self._positions.awaits_confirmation, channels))
        delay_ms = error.retryAfterMs if error.retryAfterMs is not None else ASK_AGAIN_MS if may_pass else None
        for store in self.wanted.stores():
            if set(channels_of([store])) & set(channels) or set(rooms_of([store])) & set(rooms):
                store.refuse(failure, asks_again=delay_ms is not None)
        for name in [*channels, *(f"room {contest_id}" for contest_id in rooms)]:
            self._report(name, failure, delay_ms is not None)
        if delay_ms is not None:
            self._retries = [timer for timer in self._retries if timer.call is not None]
            self._retries.append(self._timers.after(delay_ms, lambda: self._ask_again(channels, rooms)))
        return True

    def _ask_again(self, channels: list[str], rooms: list[int]) -> None:
        wanted_rooms = self.wanted.rooms()
        self._join(
            [name for name in channels if self._stores_of(name) or name in self.wanted.requested],
            [contest_id for contest_id in rooms if contest_id in wanted_rooms],
        )

    # ── what arrives ──────────────────────────────────────────────────────────────────────────────────────────────

    def established(self, message: Established) -> None:
        """`connection_established`"""
        self._is_established = True
        self._positions.epoch = message.epoch
        self._automatic = list(message.positions or ())
        asked = {name for names in self._asked.values() if isinstance(names, list) for name in names}
        positions = {name: seq for name, seq in (message.positions or {}).items() if name not in asked}
        self._named(positions)
        for channel in positions:
            for store in self._stores_of(channel):
                store.connected(channel)
        self._join([channel for channel in self._resumed if self._stores_of(channel)], [])

    def confirmed(self, frame: Frame) -> None:
        """`subscription_confirmed`"""
        message = read(frame.text, Confirmed)
        if message is None:
            return
        self._positions.epoch = message.epoch
        self._resumed.discard(message.channel)
        stores = self._stores_of(message.channel)
        if not stores:
            return
        ping = self._pings.ping() if frame.head.requestId is None and self._is_established else 0
        is_repeat = message.recovered is None and self._positions.has_reached(message.channel, message.seq)
        if not is_repeat:
            every = None if message.kind is None else message.kind == "every"
            recovered = message.recovered is True
            self._positions.begin(message.channel, message.seq, recovered=recovered, every=every, ping=ping)
        joined = [store for store in stores if not isinstance(store, Room)]
        self._begin(message.channel, joined, message.recovered, is_repeat=is_repeat, ping=ping)

    def _begin(
        self, channel: str, joined: Sequence[Store], recovered: bool | None, *, is_repeat: bool, ping: int = 0
    ) -> None:
        """A snapshot or replay of `channel` begins, which was joined for the stores `joined`. If it `is_repeat`, it is
        for those alone that hold nothing yet."""
        for store in self._stores_of(channel):
            if store.has_begun(channel):
                if is_repeat:
                    store.arrived(channel)
                else:
                    store.begin(channel, recovered=recovered is True, ping=ping)
            elif store in joined and recovered is not True:
                store.begin(channel, recovered=False, ping=ping)

    def ended(self, frame: Frame) -> None:
        """`unsubscription_confirmed`, which the server sends by itself if a right was lost."""
        message = read(frame.text, Ended)
        if message is not None and message.reason is not None:
            failure = Failure("SUBSCRIPTION_DENIED", f"The server ended the subscription ({message.reason}).")
            stores = self._stores_of(message.channel)
            for store in stores:
                store.refuse(failure, asks_again=False)
            if stores:
                self._report(message.channel, failure, False)

    def joined(self, frame: Frame) -> None:
        """`contest_room_joined`"""
        message = read(frame.text, RoomJoined)
        if message is None:
            return
        rooms = self._rooms_of(message.contestId)
        chat, positions = f"chat.{message.contestId}", frame.head.positions or {}
        is_repeat = message.recovered is None and self._positions.has_reached(chat, positions.get(chat))
        self._named(positions, recovered=message.recovered)
        self._begin(chat, rooms, message.recovered, is_repeat=is_repeat)
        for room in rooms:
            room.joined(frame)

    def replied(self, frame: Frame) -> None:
        """A reply that names positions."""
        self._named(frame.head.positions or {})

    def settle(self, ping: int) -> None:
        """The ping with this number was answered."""
        self._positions.settle(ping)
        for store in self.wanted.stores():
            store.settle(ping)

    def pushed(self, frame: Frame, channel: str) -> None:
        """A push, or a part of a snapshot."""
        stores = self._stores_of(channel)
        if not stores:
            return
        verdict = self._positions.arrived(channel, frame.head.seq)
        if verdict == "gap":
            self._join([channel], [])
        if verdict in ("gap", "drop"):
            return
        for store in stores:
            if store.accepts(is_repeat=verdict == "repeat"):
                store.receive(frame)

    def _named(self, positions: dict[str, int], *, recovered: bool | None = None) -> None:
        for channel, seq in positions.items():
            is_repeat = recovered is None and self._positions.has_reached(channel, seq)
            if self._stores_of(channel) and not is_repeat:
                self._positions.named(channel, seq, recovered=recovered is True)

    def _stores_of(self, channel: str) -> list[Store]:
        found = self._routes.get(channel)
        if found is None:
            found = [store for store in self.wanted.stores() if store.takes(channel)]
            if len(self._routes) >= MOST_ROUTES:
                self._routes.clear()
            self._routes[channel] = found
        return found


def _entry(channel: str, since: Position | None) -> str | dict[str, Any]:
    return channel if since is None else {"channel": channel, "since": since._asdict()}
