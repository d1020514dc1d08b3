"""A small domain with one endpoint, through which the simulator uses channels of every kind."""

from __future__ import annotations

from collections import Counter
from functools import partial

import msgspec
from sqlalchemy import select

from duelcast.channels.broker import Origin
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel, Family, Kind, Unfollowed
from duelcast.channels.publisher import Broadcast, Published, Publisher
from duelcast.clock import Clock, time_ms
from duelcast.domain.accounts.accounts import Account, MemoryAccounts
from duelcast.domain.analytics.activity import Zones
from duelcast.domain.idempotency import Asked, IdempotentRequests, Once
from duelcast.endpoints.common import add_common_commands
from duelcast.endpoints.context import Context, Snapshot
from duelcast.endpoints.kit import Auth, Endpoint
from duelcast.store.accounts import UserRow, find_user, remarkable_users, save_user
from duelcast.store.channel_log import positions_of
from duelcast.store.database import Database, Transaction
from duelcast.store.idempotency import RequestName
from duelcast.store.tables import channel_messages
from duelcast.wire.messages import Command, Event, Record

ROOMS = ("a", "b")
SYMBOLS = ("x", "y")
KEYS = ("k", "l")


class Said(Event, tag="said"):
    """A message in a room."""

    text: str


class SaidBefore(Record):
    """A message of a snapshot."""

    seq: int
    text: str


class History(Event, tag="history"):
    """All messages of a room."""

    messages: list[SaidBefore]


class Count(Event, tag="count"):
    """How many messages a room has, as the domain knows it."""

    count: int


class Price(Event, tag="price"):
    """The `number`-th price of a term; a tombstone if it `is_end`."""

    key: str
    term: int
    number: int
    is_end: bool = False


class Alarm(Event, tag="alarm"):
    """An urgent message."""

    text: str


class Say(Command, tag="say"):
    """Says something in a room, once for each `commandId`."""

    room: str
    text: str
    commandId: str | None = None


class Read(Command, tag="read"):
    """Reads how many messages a room has."""

    room: str


class Settle(Command, tag="settle"):
    """Names the zone of this connection."""

    zone: str


class Settled(Event, tag="settled"):
    """The zone is known."""

    zone: str


class Moderate(Command, tag="moderate"):
    """Bans a wallet, or ends its ban."""

    wallet: str
    banned: bool


class Moderated(Event, tag="moderated"):
    """Acknowledges `moderate`."""

    wallet: str


class Stored(Event, tag="stored"):
    """Acknowledges `say`."""

    text: str


ROOM = Family("room", Kind.EVERY, (Said,), "Every message.", parameter="[a-z]+")
ALARMS = Family("alarm", Kind.EVERY, (Alarm,), "Urgent.", is_urgent=True)
TOTAL = Family("total", Kind.LATEST, (Count,), "Kept.", parameter="[a-z]+")
BOARD = Family("board", Kind.LATEST, (Count,), "Silent.", parameter="[a-z]+", unfollowed=Unfollowed.SILENT)
PRICE = Family(
    "price",
    Kind.LATEST,
    (Price,),
    "Kept, with keys and a group.",
    parameter="[a-z]+",
    key=lambda event: event.key if isinstance(event, Price) else "",
    is_tombstone=lambda event: isinstance(event, Price) and event.is_end,
    group=lambda _parameter: "prices",
    group_names="prices",
)
CHANNELS: list[Channel] = [
    *(family.channel(room) for family in (ROOM, TOTAL, BOARD) for room in ROOMS),
    *(PRICE.channel(symbol) for symbol in SYMBOLS),
    ALARMS.channel(),
]
"""All channels. They are referenced here, because a family forgets those that nobody refers to."""


class Platform:
    """The domain of a leader. What it knows of the rooms is in memory, and is loaded from the database."""

    def __init__(self, database: Database, broker: MemoryBroker, clock: Clock) -> None:
        self.totals: Counter[str] = Counter()
        self.raised: list[str] = []
        """The texts of the urgent messages of this leader."""
        self.requests = IdempotentRequests(database, clock)
        self.zones = Zones()
        self.accounts = MemoryAccounts()
        self._database = database
        self.publisher = Publisher(broker, clock)
        self._clock = clock
        self._prices = 0

    async def load(self) -> None:
        """Load the domain, and publish again what may differ from what was published before."""
        names = {ROOM.channel(room).name: room for room in ROOMS}
        async with self._database.read() as transaction:
            for name, seq in (await positions_of(transaction, list(names))).items():
                self.totals[names[name]] = seq
            for user in await remarkable_users(transaction):
                self.accounts.put(Account(user.wallet, banned=user.banned))
        await self.requests.load()
        for room in ROOMS:
            self._publish_total(room)

    async def say(self, room: str, text: str, command_id: str | None, origin: Origin) -> None:
        """Store and publish a message."""
        if command_id is None:
            await self._say(room, text, origin, None)
            return
        name = RequestName("wallet", "command", command_id)
        await self.requests.run(Asked(name, "say", text), partial(self._say, room, text, origin))

    async def _say(self, room: str, text: str, origin: Origin, once: Once | None) -> None:
        async def work(transaction: Transaction) -> Published[None]:
            if once is not None:
                await once.store(transaction, text)
            return Published(None, [Broadcast(ROOM.channel(room), Said(text=text), origin)])

        await self._database.publish(work, lambda _: self._said(room))

    async def moderate(self, wallet: str, *, banned: bool) -> None:
        """Ban a wallet, or end its ban."""

        async def work(transaction: Transaction) -> None:
            is_new = await find_user(transaction, wallet) is None
            await save_user(transaction, UserRow(wallet, banned=banned), is_new=is_new, now_ms=time_ms(self._clock))

        await self._database.write(work, lambda _: self.accounts.put(Account(wallet, banned=banned)))

    def _said(self, room: str) -> None:
        self.totals[room] += 1
        self._publish_total(room)

    def _publish_total(self, room: str) -> None:
        event = Count(count=self.totals[room])
        self.publisher.publish(TOTAL.channel(room), event)
        self.publisher.publish(BOARD.channel(room), event)

    def price(self, term: int, symbol: str, key: str, *, is_end: bool) -> None:
        """Publish a price."""
        self._prices += 1
        self.publisher.publish(PRICE.channel(symbol), Price(key=key, term=term, number=self._prices, is_end=is_end))

    def raise_alarm(self, text: str) -> None:
        """Publish an urgent message."""
        self.raised.append(text)
        self._database.announce(Broadcast(ALARMS.channel(), Alarm(text=text)))

    async def history(self, channel: Channel) -> Snapshot:
        """All messages of a room, and its position."""
        columns = channel_messages.c
        async with self._database.read() as transaction:
            query = select(columns.seq, columns.body).where(columns.channel == channel.name).order_by(columns.seq)
            rows = (await transaction.execute(query)).all()
            position = await positions_of(transaction, [channel.name])
        said = [SaidBefore(seq=row.seq, text=msgspec.json.decode(row.body)["text"]) for row in rows]
        return Snapshot([History(messages=said)], position[channel.name], rows=max(1, len(said)))


async def _history(context: Context, channel: Channel) -> Snapshot:
    return await context.service(Platform).history(channel)


async def _board(context: Context, channel: Channel) -> Snapshot:
    return Snapshot([Count(count=context.service(Platform).totals[channel.parameter])])


async def _say(context: Context, command: Say) -> Stored:
    await context.service(Platform).say(command.room, command.text, command.commandId, context.origin)
    return Stored(text=command.text)


async def _moderate(context: Context, command: Moderate) -> Moderated:
    await context.service(Platform).moderate(command.wallet, banned=command.banned)
    return Moderated(wallet=command.wallet)


def _read(context: Context, command: Read) -> Count:
    return Count(count=context.service(Platform).totals[command.room])


def _settle(context: Context, command: Settle) -> Settled:
    assert context.identity is not None
    context.service(Platform).zones.name(context.identity.wallet, context.connection_id, command.zone)
    return Settled(zone=command.zone)


def _gone(context: Context) -> None:
    assert context.identity is not None
    context.service(Platform).zones.drop(context.identity.wallet, context.connection_id)


def make_endpoint() -> Endpoint:
    """The endpoint of the domain."""
    endpoint = Endpoint(
        name="simulated",
        description="Uses everything.",
        auth=Auth.TOKEN,
        max_message_bytes=64 * 1024,
        messages_per_minute=100_000,
    )
    endpoint.opens(ROOM, snapshot=_history, snapshot_events=(History,))
    endpoint.opens(ALARMS)
    endpoint.opens(TOTAL)
    endpoint.opens(BOARD, snapshot=_board)
    endpoint.opens(PRICE)
    endpoint.command(Say, errors=("OUTCOME_UNKNOWN",))(_say)
    endpoint.command(Moderate, errors=("OUTCOME_UNKNOWN",))(_moderate)
    endpoint.command(Read)(_read)
    endpoint.command(Settle, errors=("OUTCOME_UNKNOWN",))(_settle)
    endpoint.on_disconnect(_gone)
    add_common_commands(endpoint)
    return endpoint


ENDPOINT = make_endpoint()
