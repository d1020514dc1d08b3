"""An evening on one server, with people on all endpoints who send every command of the AsyncAPI document and receive
every message in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from duelcast.endpoints.documents.members import PARAMETER
from duelcast.wire.timestamps import format_time
from tests.e2e.contest.contest_room import ADMIN, Stage, stage
from tests.e2e.users import put_user
from tests.endpoints.documents.described import Document
from tests.serving import Client, Frame, client

USER = "ada-lindqvist"
"""The participant in the examples of commands."""
CONTEST = 2
"""The contest in the examples of commands."""
NAMES = {
    "category": "chat",
    "contestId": str(CONTEST),
    "key": "chat.max_characters",
    "layer": "wallet",
    "metric": "event:contest.view",
    "service": "wallet",
    "symbol": "SOL",
}
"""The parameters of the channels that people follow."""
EVENING_S, DAY_S = 20, 24 * 3600


class Person(NamedTuple):
    """Somebody who is connected to an endpoint."""

    endpoint: str
    wallet: str
    client: Client


class LiveEvening:
    """`heard` has the frames that the server sent, by endpoint."""

    def __init__(self, document: Document) -> None:
        self.heard: dict[str, list[Frame]] = {name: [] for name in document.root["channels"]}
        self._endpoints: dict[str, Any] = document.root["channels"]
        self._document = document
        self._people: list[Person] = []

    async def spend(self, frames: int) -> None:
        """Let people talk and things happen, and wait until the server has sent as many `frames`."""
        async with stage(feed="simulated?seed=1") as arena, AsyncExitStack() as stack:
            await prepare(arena)
            for endpoint, described in self._endpoints.items():
                for wallet in (ADMIN,) if described["x-auth"] == "admin" else (ADMIN, USER):
                    for behave in (self._follow, self._talk):
                        connecting = client(arena.app, endpoint, token=arena.token(wallet), greeted=False)
                        person = Person(endpoint, wallet, await stack.enter_async_context(connecting))
                        self._people.append(person)
                        self.heard[endpoint] += await person.client.receive_until(type="connection_established")
                        await behave(person, arena)
            await self._hear()
            for happens in (markets_move, people_meet, services_fail, inboxes_fill, settings_change):
                await happens(arena)
                await arena.pass_time(2)
                await self._hear()
            while sum(map(len, self.heard.values())) < frames:
                await arena.pass_time(1)
                await self._hear()

    async def _follow(self, person: Person, _: Stage) -> None:
        """Subscribe to a channel of each family, and to its group."""
        await person.client.send(type="subscribe", channels=list(self._channels(person)))

    async def _talk(self, person: Person, arena: Stage) -> None:
        """Send each command twice, as if its first answer had been lost, and one that does not exist."""
        for command in self._commands(person.endpoint):
            token = {"token": arena.token(person.wallet)} if "token" in command else {}
            for _ in range(2):
                await person.client.send(**command | token)
        await person.client.send(type="subscribe", channels=list(self._channels(person)))
        await person.client.send(type="unsubscribe", channels=list(self._channels(person)))
        await person.client.send(type="nonsense")

    async def _hear(self) -> None:
        for person in self._people:
            self.heard[person.endpoint] += await person.client.drain()

    def _channels(self, person: Person) -> Iterator[str]:
        names = NAMES | {"wallet": person.wallet}
        for family in self._endpoints[person.endpoint]["x-channels"]:
            for name in filter(None, (family["name"], family["group"])):
                yield PARAMETER.sub(lambda found: names[found[0][1:-1]], name)

    def _commands(self, endpoint: str) -> Iterator[Frame]:
        """The examples of all commands; those of commands that leave channels come last."""
        messages = self._document.messages(endpoint)
        operations = [
            operation
            for operation in self._document.root["operations"].values()
            if operation["action"] == "receive" and operation["channel"]["$ref"] == f"#/channels/{endpoint}"
        ]
        for operation in sorted(operations, key=lambda operation: bool(operation["x-leaves"])):
            key = operation["messages"][0]["$ref"].rpartition("/")[2]
            yield from (example["payload"] for example in messages[key]["examples"])


async def prepare(arena: Stage) -> None:
    """A contest that leaves the list during the evening, and one with participants; a service, and a setting."""
    over = await arena.contest(starts_in_s=10, lasts_s=60)
    await arena.act(over, "cancel", reason="Rain.")
    await arena.clock.jump(DAY_S - EVENING_S)
    assert await arena.contest(starts_in_s=EVENING_S / 2) == CONTEST
    await arena.enter(CONTEST, USER, "chidi-okafor")
    await arena.do("PUT", "/services/wallet", {"kind": "reported", "layer": "wallet", "silentAfterMs": DAY_S * 1000})
    await arena.do("POST", "/services/wallet/operations", [{"ok": True, "durationMs": 3}])
    for characters in (200, 300):  # the example of a change expects version 2
        await arena.do("PUT", "/settings/chat.max_characters", {"value": characters})
    await notify(arena)


async def notify(arena: Stage) -> None:
    new = {"type": "CONTEST_STARTED", "title": "It starts.", "content": "", "wallets": [ADMIN, USER]}
    await arena.do("POST", "/notifications", new)


async def markets_move(arena: Stage) -> None:
    await arena.do("PUT", "/tokens/SOL", {"name": "Solana", "address": "a", "decimals": 9, "description": "A chain."})
    await arena.do("PUT", "/tokens/NEW", {"name": "New", "address": "b", "decimals": 9})
    await arena.pass_time(10)


async def people_meet(arena: Stage) -> None:
    async with arena.socket() as visitor, arena.socket("bob") as bob, arena.socket("chief") as admin:
        await visitor.ask(type="join_contest_room", contestId=CONTEST)
        await bob.ask(type="join_contest_room", contestId=CONTEST)
        await admin.ask(type="join_contest_room", contestId=CONTEST, visibility="visible")
        said = await bob.ask(type="send_chat_message", contestId=CONTEST, text="gg")
        await arena.do("DELETE", f"/contests/{CONTEST}/chat/{said['data']['id']}")
        await arena.pass_time(2)
    for wallet in (ADMIN, USER):
        await put_user(arena.app, wallet, nickname=f"New-{wallet}")


async def services_fail(arena: Stage) -> None:
    await arena.do("POST", "/services/wallet/operations", [{"ok": False, "durationMs": 3}] * 5)
    await arena.do("POST", "/errors", {"service": "wallet", "level": "error", "error": "The signer is away."})


async def inboxes_fill(arena: Stage) -> None:
    await notify(arena)
    async with client(arena.app, "notifications", token=arena.token(USER)) as reader:
        unread = await reader.ask(type="get_unread")
    await arena.do("DELETE", f"/notifications/{unread['data'][0]['id']}", by=USER)


async def settings_change(arena: Stage) -> None:
    """Comes last, because nothing else may change during maintenance."""
    until = format_time(arena.clock.time() + 600)
    await arena.do("PUT", "/settings/maintenance_mode", {"value": {"enabled": True, "until": until}})
    await arena.do("PUT", "/settings/chat.max_characters", {"value": 350})
    await arena.do("PUT", "/settings/background_scene", {"value": {"sky": "dusk"}})
