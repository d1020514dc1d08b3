"""A client program on the Python library, see `programs`; its arguments are an address, a contest and the file of the
token."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

from duelcast.client import (
    Client,
    ConnectionState,
    DuelcastError,
    Inbox,
    Refused,
    RequestFailed,
    Room,
    SignedOut,
    Stream,
)
from duelcast.client.generated.records import ChatMessageRecord, Leaderboard, Price

T = TypeVar("T")


class Program:
    """Follows prices, a leaderboard, a room and the inbox, and reports what it holds."""

    def __init__(self, client: Client, room: Room, inbox: Inbox, contest: int, token: Callable[[], str]) -> None:
        self._client = client
        self._room = room
        self._contest = contest
        self._prices: dict[str, float | None] = {}
        self._board: list[tuple[str, float]] = []
        self._heard: list[int] = []
        self._problems: list[str] = []
        self._inbox = inbox
        self._token = token
        self._is_live = False
        self._signed_in = asyncio.Event()
        self._saying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        streams = (
            self._follow(self._client.market("*"), self._price),
            self._follow(self._client.leaderboard(self._contest), self._ranked),
            self._follow(self._room.chat(), self._hear),
            self._follow(self._room.changes(), self._look),
            self._follow(self._inbox.changes(), lambda _: self._look_whether_live()),
        )
        following = [asyncio.create_task(stream) for stream in streams]
        async with aclosing(lines()) as commands:
            async for command in commands:
                if "say" in command:
                    task = asyncio.create_task(self._say(command["say"]))
                    self._saying.add(task)
                    task.add_done_callback(self._saying.discard)
                elif "report" in command:
                    self._report(command["report"])
                elif "sign_in" in command:
                    self._client.set_token(self._token)
                    self._signed_in.set()
                elif "quit" in command:
                    break
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)

    def _report(self, number: int) -> None:
        write(
            report=number,
            states={name: state.status for name, state in self._client.states.items()},
            live=self._is_live,
            chat=[entry(each) for each in self._room.messages],
            heard=self._heard,
            prices=self._prices,
            board=self._board,
            unread=self._inbox.unread,
            notifications=[each.id for each in self._inbox.notifications],
            problems=self._problems,
        )

    async def _follow(self, stream: Stream[T], take: Callable[[T], None]) -> None:
        """Read a stream, which begins again after the user has been refused and has signed in again."""
        while True:
            try:
                async for item in stream:
                    take(item)
            except (Refused, SignedOut):
                self._signed_in.clear()
                await self._signed_in.wait()

    def _price(self, price: Price) -> None:
        self._prices[price.symbol] = price.price

    def _ranked(self, board: Leaderboard) -> None:
        self._board = [(row.wallet, row.value) for row in board.entries]

    def _hear(self, message: ChatMessageRecord) -> None:
        if self._heard and message.id <= self._heard[-1]:
            self._problems.append(f"heard {message.id} after {self._heard[-1]}")
        self._heard.append(message.id)

    def _look(self, room: Room) -> None:
        ids = [each.message.id for each in room.messages if each.message is not None]
        if ids != sorted(set(ids)):
            self._problems.append(f"the chat is out of order: {ids}")
        self._look_whether_live()

    def _look_whether_live(self) -> None:
        is_live = self._room.status == "live" and self._inbox.status == "live"
        if is_live != self._is_live:
            self._is_live = is_live
            write(live=is_live)

    async def _say(self, text: str) -> None:
        try:
            message = await self._room.send(text, timeout=300)
        except RequestFailed as failed:
            write(said=text, error=failed.code)
        except DuelcastError as failed:
            write(said=text, error=type(failed).__name__)
        else:
            write(said=text, id=message.id)


def entry(each: Any) -> list[Any]:
    return [None if each.message is None else each.message.id, each.text, each.status]


async def lines() -> AsyncGenerator[dict[str, Any], None]:
    """The commands on the standard input."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            yield json.loads(line)
    finally:
        transport.close()


def write(**members: Any) -> None:
    sys.stdout.write(json.dumps(members) + "\n")
    sys.stdout.flush()


def changed(state: ConnectionState) -> None:
    if state.status in ("waiting", "refused", "signed_out") and state.code is not None:
        write(closed=state.code)


async def main(url: str, contest: int, token_file: Path) -> None:
    def token() -> str:
        write(asked=True)
        return token_file.read_text()

    opened = Client(url, token=token, on_state=changed)
    async with opened as client, client.room(contest) as room, client.inbox() as inbox:
        await Program(client, room, inbox, contest, token).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
