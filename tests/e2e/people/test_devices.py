"""Three devices of one user, whatever happens in whatever order: all know what is stored, and were told it once."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from duelcast.store.tables import inboxes, notifications
from tests.e2e.people.post_office import PostOffice, post_office
from tests.examples import examples
from tests.serving import Client, Frame

DEVICES = 3
KINDS = ("A", "B")
_numbers = itertools.count()


class Act(NamedTuple):
    """Something that happens: what, by which device, and to which of the notifications that there are."""

    what: str
    device: int
    which: int


acts = st.builds(
    Act,
    st.sampled_from(("push", "push", "push_ending", "mark", "mark", "mark_all", "delete", "end", "leave", "look")),
    st.integers(0, DEVICES - 1),
    st.integers(0, 5),
)
rounds = st.lists(st.lists(acts, min_size=1, max_size=4), min_size=1, max_size=6)
"""What is in one round happens at the same time."""


class Device:
    """What a device knows of the inbox; it checks what it is told."""

    def __init__(self, office: PostOffice, wallet: str, counts: dict[int, int]) -> None:
        self._office = office
        self._wallet = wallet
        self._counts = counts
        self._stack = AsyncExitStack()
        self._channel = f"user.notifications.{wallet}"
        self.client: Client
        self.unread: dict[int, str] = {}
        self.count = self.version = -1
        self._position: tuple[str, int] | None = None
        self._pushed: Counter[int] = Counter()

    async def connect(self, *, afresh: bool) -> None:
        """Come, from where it was unless `afresh`."""
        query = ""
        if self._position is not None and not afresh:
            query = f"?since={self._channel},{self._position[0]},{self._position[1]}"
        self._pushed.clear()
        self.client = await self._stack.enter_async_context(self._office.socket(self._wallet, query, greeted=False))
        frames = await self.client.receive_until(type="connection_established")
        self._position = frames[-1]["epoch"], self._position[1] if query and self._position else 0
        for frame in frames:
            self._hear(frame)
        self._position = frames[-1]["epoch"], max(self._position[1], frames[-1]["positions"][self._channel])

    async def leave(self) -> None:
        await self._stack.aclose()

    async def hear(self) -> None:
        """Take what was sent until now."""
        for frame in await self.client.drain():
            self._hear(frame)

    async def ask(self, **message: Any) -> None:
        """Send a mark, and hear what is sent until it is answered."""
        request_id = f"r{next(_numbers)}"
        await self.client.send(**message, requestId=request_id)
        for frame in await self.client.receive_until(requestId=request_id):
            self._hear(frame)

    def _hear(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "subscription_confirmed":
            assert frame["recovered"]
        elif frame.get("channel") == self._channel and "seq" in frame:
            assert self._position is not None
            assert frame["seq"] > self._position[1], "told before"
            self._position = self._position[0], frame["seq"]
        if kind == "unread_count":
            version, count = frame["version"], frame["count"]
            assert self._counts.setdefault(version, count) == count, "two counts of one version"
            if version < self.version:
                assert "channel" not in frame, "an older version was pushed"
                return  # the answer to a mark that changed nothing, told behind what came meanwhile
            self.count, self.version = count, version
            if "seq" not in frame and "channel" in frame:
                self.unread = {}  # a snapshot: what is unread follows, where there is any
        elif kind == "notification_batch" and frame["subtype"] == "unread":
            assert not frame["hasMore"]
            self.unread = {each["id"]: each["type"] for each in frame["data"]}
        elif kind == "notification":
            self._pushed[frame["data"]["id"]] += 1
            assert self._pushed[frame["data"]["id"]] == 1, "pushed twice"
            self.unread[frame["data"]["id"]] = frame["data"]["type"]
        elif kind == "read_confirmed" and frame["count"]:
            types = frame.get("types", KINDS)
            ids = frame["ids"] if "ids" in frame else [each for each, of in self.unread.items() if of in types]
            self._drop(ids)
        elif kind == "notification_removed":
            self._drop(frame["ids"])

    def _drop(self, ids: list[int]) -> None:
        for each in ids:
            self.unread.pop(each, None)


class Household:
    """The devices of a wallet, and the truth."""

    def __init__(self, office: PostOffice, wallet: str) -> None:
        self._office = office
        self._wallet = wallet
        self._counts: dict[int, int] = {}
        self._devices = [Device(office, wallet, self._counts) for _ in range(DEVICES)]
        self._busy = [asyncio.Lock() for _ in range(DEVICES)]

    async def live(self, done: list[list[Act]]) -> None:
        try:
            for device in self._devices:
                await device.connect(afresh=True)
            for acts in done:
                await asyncio.gather(*map(self._perform, acts))
            await self._compare()
        finally:
            for device in self._devices:
                await device.leave()

    async def _compare(self) -> None:
        """All devices know what is stored."""
        version, unread = await self._stored()
        for device in self._devices:
            await device.hear()
            assert (device.count, set(device.unread)) == (len(unread), unread)
            # The removal of what was read changes no count.
            assert device.version <= version

    async def _perform(self, act: Act) -> None:
        async with self._busy[act.device]:
            device = self._devices[act.device]
            ids = await self._ids()
            chosen = ids[act.which % len(ids)] if ids else 1
            match act.what:
                case "push":
                    await self._office.post(self._wallet, type=KINDS[act.which % 2])
                case "push_ending":
                    await self._office.post(self._wallet, type="A", expires_at="2100-01-01T00:00:00Z")
                case "mark":
                    await device.ask(type="mark_read", ids=[chosen, *ids[:1]])
                case "mark_all":
                    await device.ask(type="mark_all_read", types=[KINDS[act.which % 2]])
                case "delete":
                    await self._office.call("DELETE", f"/notifications/{chosen}", by=self._wallet)
                case "end":
                    await self._end(chosen)
                case "leave":
                    await device.leave()
                    await device.connect(afresh=act.which % 2 == 0)
                case "look":
                    version, unread = await self._stored()
                    assert self._counts.setdefault(version, len(unread)) == len(unread)

    async def _end(self, notification_id: int) -> None:
        """Let the time of one that ends be over, and look for it."""

        async def work(transaction: Any) -> None:
            this = notifications.c.id == notification_id, notifications.c.expires_ms.is_not(None)
            await transaction.execute(notifications.update().where(*this).values(expires_ms=1))

        await self._office.app.leader.database.write(work)
        await self._office.app.leader.notifications.removals.expire()

    async def _ids(self) -> list[int]:
        async with self._office.app.leader.database.read() as transaction:
            mine = select(notifications.c.id).where(notifications.c.wallet == self._wallet)
            return list((await transaction.execute(mine)).scalars())

    async def _stored(self) -> tuple[int, set[int]]:
        """The version, and what is unread."""
        async with self._office.app.leader.database.read() as transaction:
            version = select(func.max(inboxes.c.version)).where(inboxes.c.wallet == self._wallet)
            unread = select(notifications.c.id).where(
                notifications.c.wallet == self._wallet,
                notifications.c.read_ms.is_(None),
                notifications.c.removed_ms.is_(None),
            )
            return await transaction.scalar(version) or 0, set((await transaction.execute(unread)).scalars())


def test_all_devices_know_what_is_stored_and_were_told_it_once() -> None:
    wallets = (f"w{number}" for number in itertools.count())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        opening = post_office()
        office = runner.run(opening.__aenter__())
        try:

            @settings(max_examples=examples(20))
            @given(rounds)
            def check(done: list[list[Act]]) -> None:
                runner.run(Household(office, next(wallets)).live(done))

            check()
        finally:
            runner.run(opening.__aexit__(None, None, None))
