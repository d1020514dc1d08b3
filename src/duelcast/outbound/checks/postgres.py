"""`postgres`: whether a PostgreSQL server accepts the login and answers a query.

A driver would read messages of any length, and would run as many SCRAM iterations as the server demands. This module
therefore implements the necessary part of the protocol (3.0) itself, with limits for both.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import struct
from asyncio import StreamReader, StreamWriter
from urllib.parse import parse_qs, unquote

from duelcast.errors import InvalidRequest
from duelcast.outbound.checks.check_url import FIELD, CheckUrl
from duelcast.outbound.checks.dialing import Dialer
from duelcast.outbound.checks.running import Finding, Unhealthy
from duelcast.outbound.checks.scram import MECHANISM, ScramClient, ScramFailed

PORTS = {"postgres": 5432, "postgresql": 5432}
_MODES = ("disable", "prefer", "require", "verify-full")
MAX_MESSAGE_BYTES = 16 * 1024
TLS_REQUEST = struct.pack("!ii", 8, 80877103)
_VERSION = 196608
_AUTHENTICATED, _CLEARTEXT, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 3, 5, 10, 11, 12
_STRANGE = "The peer does not speak PostgreSQL."
_ERRORS = {
    "3D000": "The server has no such database.",
    "53300": "The server accepts no more connections.",
    "57P03": "The server is starting or stopping.",
}
"""The sentences for known errors, by SQLSTATE."""


class PostgresProbe:
    """Logs in and sends `SELECT 1`. The query string of the URL may set `sslmode`, as for libpq (default: `prefer`)."""

    def __init__(self, url: CheckUrl, dialer: Dialer) -> None:
        self._dialer = dialer
        self._host = url.host
        self._mode = _mode(url.query)
        self._context = _context(self._mode)
        user = url.user or "postgres"
        self._login = Login(user, url.password or "", unquote(url.path.strip("/")) or user)
        if "\0" in self._login.user + self._login.password + self._login.database:
            raise InvalidRequest("`check.url` must not contain a zero byte.", field=FIELD)

    async def __call__(self) -> Finding:
        async with self._dialer.stream() as (reader, writer):
            encrypted = self._mode != "disable" and await self._encrypt(reader, writer)
            session = PostgresSession(reader, writer, encrypted=encrypted)
            await session.log_in(self._login)
            await session.query("SELECT 1")
            session.end()
        return Finding(True, "The server answers.")

    async def _encrypt(self, reader: StreamReader, writer: StreamWriter) -> bool:
        writer.write(TLS_REQUEST)
        # The answer is one byte. Up to two are read, so that plain text injected after the answer is refused here, and
        # not taken for encrypted data.
        answer = await reader.read(2)
        if answer == b"S":
            await writer.start_tls(self._context, server_hostname=self._host)
        elif answer != b"N":
            raise Unhealthy(_STRANGE if answer else "The connection broke.")
        elif self._mode != "prefer":
            raise Unhealthy("The server does not offer TLS.")
        return answer == b"S"


def _mode(query: str) -> str:
    options = parse_qs(query, keep_blank_values=True)
    mode = options.pop("sslmode", ["prefer"])[-1]
    if options or mode not in _MODES:
        raise InvalidRequest(
            f"The query of `check.url` may contain only `sslmode=` and one of {', '.join(_MODES)}.", field=FIELD
        )
    return mode


def _context(mode: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if mode == "verify-full":
        context.load_default_certs()
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Login:
    """The user, database and password of a login."""

    def __init__(self, user: str, password: str, database: str) -> None:
        self.user = user
        self.password = password
        self.database = database


class PostgresSession:
    """A session over a newly opened connection. Each method raises `Unhealthy` if the server does not cooperate."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, *, encrypted: bool) -> None:
        self._reader = reader
        self._writer = writer
        self._encrypted = encrypted

    async def log_in(self, login: Login) -> None:
        """Log in, and wait until the server accepts queries."""
        names = ("user", login.user, "database", login.database, "application_name", "duelcast")
        start = struct.pack("!i", _VERSION) + b"".join(name.encode() + b"\0" for name in names) + b"\0"
        self._writer.write(struct.pack("!i", len(start) + 4) + start)
        scram = ScramClient(login.password)
        try:
            while (message := await self._receive())[0] != b"Z":
                if message[0] == b"R":
                    await self._prove(login, scram, message[1])
            if scram.pending:
                raise ScramFailed
        except ScramFailed:
            raise Unhealthy("The server does not prove that it knows the password.") from None

    async def query(self, text: str) -> None:
        """Send a query, and read and discard its result."""
        self._send(b"Q", text.encode() + b"\0")
        while (await self._receive())[0] != b"Z":
            pass

    def end(self) -> None:
        """Tell the server that nothing more follows."""
        self._send(b"X", b"")

    async def _prove(self, login: Login, scram: ScramClient, request: bytes) -> None:
        if len(request) < 4:
            raise Unhealthy(_STRANGE)
        (kind,), rest = struct.unpack("!i", request[:4]), request[4:]
        if kind == _SASL and MECHANISM.encode() in rest.split(b"\0"):
            first = scram.begin()
            self._send(b"p", MECHANISM.encode() + b"\0" + struct.pack("!i", len(first)) + first)
        elif kind == _SASL_CONTINUE:
            self._send(b"p", await asyncio.to_thread(scram.final, rest))
        elif kind == _SASL_FINAL:
            scram.verify(rest)
        elif kind == _MD5:
            inner = _md5(login.password.encode() + login.user.encode())
            self._send(b"p", b"md5" + _md5(inner + rest) + b"\0")
        elif kind == _CLEARTEXT and self._encrypted:
            self._send(b"p", login.password.encode() + b"\0")
        elif kind == _CLEARTEXT:
            raise Unhealthy("The server requires the password in clear text, but the connection is not encrypted.")
        elif kind != _AUTHENTICATED:
            raise Unhealthy("The server requires a login method that health checks do not support.")

    def _send(self, kind: bytes, content: bytes) -> None:
        self._writer.write(kind + struct.pack("!i", len(content) + 4) + content)

    async def _receive(self) -> tuple[bytes, bytes]:
        """The kind and content of the next message. Raises `Unhealthy` if it is an error."""
        kind, length = struct.unpack("!ci", await self._reader.readexactly(5))
        if not 4 <= length <= MAX_MESSAGE_BYTES:
            raise Unhealthy(_STRANGE)
        content = await self._reader.readexactly(length - 4)
        if kind == b"E":
            raise Unhealthy(_error(content))
        return kind, content


def _error(content: bytes) -> str:
    code = next((field[1:] for field in content.split(b"\0") if field[:1] == b"C"), b"").decode("ascii", "replace")
    if code.startswith("28"):
        return "The login was refused."
    return _ERRORS.get(code, "The server answers with an error.")


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).hexdigest().encode()
