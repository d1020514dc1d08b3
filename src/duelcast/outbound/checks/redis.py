"""`redis`: whether a Redis or Valkey server answers `PING`.

This module implements the necessary part of the protocol (RESP) itself, because a client library would read answers of
any length and choose addresses by its own rules.
"""

from __future__ import annotations

import ssl
from asyncio import StreamReader, StreamWriter

from duelcast.errors import InvalidRequest
from duelcast.outbound.checks.check_url import FIELD, CheckUrl
from duelcast.outbound.checks.dialing import Dialer
from duelcast.outbound.checks.running import Finding, Unhealthy

PORTS = {"redis": 6379, "rediss": 6379}
_REFUSALS = (b"-NOAUTH", b"-WRONGPASS", b"-NOPERM", b"-ERR invalid password", b"-ERR AUTH")


class RedisProbe:
    """Logs in if the URL has credentials, selects the database if the path of the URL names one, and sends `PING`."""

    def __init__(self, url: CheckUrl, dialer: Dialer) -> None:
        self._dialer = dialer
        self._context = ssl.create_default_context() if url.scheme == "rediss" else None
        database = url.path.strip("/")
        if database and not (database.isascii() and database.isdigit() and len(database) < 6):
            raise InvalidRequest("The path of `check.url` must be the number of a database.", field=FIELD)
        self._commands: list[tuple[str, ...]] = []
        if url.password is not None:
            self._commands.append(("AUTH", url.user, url.password) if url.user else ("AUTH", url.password))
        if database:
            self._commands.append(("SELECT", database))

    async def __call__(self) -> Finding:
        async with self._dialer.stream(self._context) as (reader, writer):
            for command in self._commands:
                await _ask(reader, writer, command, expected=b"+OK\r\n")
            await _ask(reader, writer, ("PING",), expected=b"+PONG\r\n")
        return Finding(True, "The server answers.")


async def _ask(reader: StreamReader, writer: StreamWriter, command: tuple[str, ...], *, expected: bytes) -> None:
    words = [word.encode() for word in command]
    writer.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words))
    try:
        answer = await reader.readline()
    except ValueError:
        answer = b"too long"
    if answer == expected:
        return
    if answer.startswith(_REFUSALS):
        raise Unhealthy("The login was refused.")
    if answer.startswith(b"-LOADING"):
        raise Unhealthy("The server is loading its data.")
    if answer.startswith(b"-"):
        raise Unhealthy("The server answers with an error.")
    raise Unhealthy("The peer does not speak Redis." if answer else "The connection broke.")
