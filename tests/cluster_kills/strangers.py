"""Peers that connect to the links of a leader, and do not behave like a gateway.

They follow the description in `duelcast.cluster.frames`, and use none of its code.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

VERSION = 1
OLD_VERSION = 0
WRONG_SECRET = "not the secret of this cluster"
CALL, PING = 1, 6
PAUSE_S = 0.5
RECEIVE_BUFFER_BYTES = 4096
READ_AHEAD_BYTES = 1024
CALLS = 50
"""In each pause, of somebody who reads nothing: their answers fill every buffer."""

pack = msgspec.msgpack.encode


class Stranger:
    """A connection to a leader, which has sent its nonce. `secret` is the right one; what a stranger does with it is
    another matter."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str, name: str) -> None:
        self.reader = reader
        self.writer = writer
        self.nonce = b""
        self._secret = secret
        self._name = name
        self._key = b""
        self._sent = 0

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def greeting(self, *, secret: str | None = None, version: int = VERSION) -> bytes:
        """A greeting that fits this connection, as a frame."""
        theirs, ours = self.nonce, secrets.token_bytes(32)
        key = blake2b((secret or self._secret).encode(), person=b"duelcast-link").digest()
        proof = blake2b(theirs + ours + self._name.encode(), key=key, person=b"connecting", salt=b"proof").digest()
        self._key = blake2b(theirs + ours, key=key, person=b"connecting").digest()
        return framed(pack([version, self._name, ours, proof]))

    async def link(self) -> bytes:
        """Prove the secret; returns the greeting that did."""
        greeting = self.greeting()
        self.send(greeting)
        await self.frame()
        return greeting

    def tagged(self, payload: bytes) -> bytes:
        """The next frame of a link."""
        tag = blake2b(self._sent.to_bytes(8) + payload, key=self._key, digest_size=16).digest()
        self._sent += 1
        return framed(tag + payload)

    async def until_cut_off(self) -> None:
        while await self.reader.read(65_536):
            pass

    async def frame(self) -> Any:
        """What the leader sends next, before there is a link."""
        size = int.from_bytes(await self.reader.readexactly(4))
        return msgspec.msgpack.decode(await self.reader.readexactly(size))


@asynccontextmanager
async def stranger(port: int, secret: str, name: str) -> AsyncIterator[Stranger]:
    """Somebody who is connected to the leader on a port."""
    # What is not read must stay with the leader.
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=READ_AHEAD_BYTES)
    try:
        one = Stranger(reader, writer, secret, name)
        one.nonce = await one.frame()
        yield one
    finally:
        writer.transport.abort()


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4) + body


class Attack(NamedTuple):
    """What `crowd` strangers do at once, and the reason for which the leader counts them. `links` if they prove the
    secret first."""

    act: Callable[[Stranger], Awaitable[None]]
    reason: str
    links: bool = False
    crowd: int = 10


async def say_nothing(_stranger: Stranger) -> None:
    pass


async def tear_greeting(stranger: Stranger) -> None:
    greeting = stranger.greeting()
    stranger.send(greeting[: len(greeting) // 2])


async def greet_with_another_secret(stranger: Stranger) -> None:
    stranger.send(stranger.greeting(secret=WRONG_SECRET))


async def greet_with_an_old_version(stranger: Stranger) -> None:
    stranger.send(stranger.greeting(version=OLD_VERSION))


async def greet_with_a_huge_size(stranger: Stranger) -> None:
    stranger.send(b"\xff\xff\xff\xff" + bytes(1_000_000))


async def speak_http(stranger: Stranger) -> None:
    stranger.send(b"GET / HTTP/1.1\r\nHost: leader\r\n\r\n")


async def greet_with_nonsense(stranger: Stranger) -> None:
    stranger.send(framed(b"hello"))


async def repeat_a_frame(stranger: Stranger) -> None:
    await stranger.link()
    frame = stranger.tagged(pack([PING, 0, "", b""]))
    stranger.send(frame + frame)


async def change_a_frame(stranger: Stranger) -> None:
    await stranger.link()
    frame = stranger.tagged(pack([PING, 0, "", b""]))
    stranger.send(frame[:-1] + bytes([frame[-1] ^ 1]))


async def send_a_huge_frame(stranger: Stranger) -> None:
    await stranger.link()
    stranger.send((64 * 1024 * 1024).to_bytes(4) + bytes(1_000_000))


async def send_no_message(stranger: Stranger) -> None:
    await stranger.link()
    stranger.send(stranger.tagged(b"\xc1"))


async def tear_a_frame(stranger: Stranger) -> None:
    await stranger.link()
    frame = stranger.tagged(pack([CALL, 1, "dump", b""]))
    stranger.send(frame[: len(frame) // 2])


async def fall_silent(stranger: Stranger) -> None:
    await stranger.link()


async def read_nothing(stranger: Stranger) -> None:
    """Ask for copies of everything, again and again."""
    await stranger.link()
    numbers = itertools.count(1)
    while not stranger.writer.transport.is_closing():
        for number in itertools.islice(numbers, CALLS):
            stranger.send(stranger.tagged(pack([CALL, number, "dump", b""])))
        await asyncio.sleep(PAUSE_S)


def greet_again(greeting: bytes) -> Callable[[Stranger], Awaitable[None]]:
    """Repeat a greeting that another connection has taken."""

    async def act(stranger: Stranger) -> None:
        stranger.send(greeting)

    return act


ATTACKS = (
    Attack(say_nothing, "late"),
    Attack(tear_greeting, "late"),
    Attack(greet_with_another_secret, "secret"),
    Attack(greet_with_an_old_version, "version"),
    Attack(greet_with_a_huge_size, "size"),
    Attack(speak_http, "size"),
    Attack(greet_with_nonsense, "greeting"),
    Attack(repeat_a_frame, "tag", links=True),
    Attack(change_a_frame, "tag", links=True),
    Attack(send_a_huge_frame, "size", links=True),
    Attack(send_no_message, "payload", links=True),
    Attack(tear_a_frame, "silent", links=True),
    Attack(fall_silent, "silent", links=True),
    # One, because nodes that know the secret may make the leader work.
    Attack(read_nothing, "slow", links=True, crowd=1),
)
