"""`postgres`: whether a PostgreSQL server accepts the login and answers a query."""

from __future__ import annotations

import ssl
from asyncio import StreamReader, StreamWriter
from urllib.parse import parse_qs, unquote

from duelcast.errors import InvalidRequest
from duelcast.outbound.checks.check_url import FIELD, CheckUrl
from duelcast.outbound.checks.dialing import Dialer
from duelcast.outbound.checks.postgres_session import TLS_REQUEST, Login, PostgresSession
from duelcast.outbound.checks.running import Finding, Unhealthy

PORTS = {"postgres": 5432, "postgresql": 5432}
_MODES = ("disable", "prefer", "require", "verify-full")


class PostgresProbe:
    """Logs in and sends `SELECT 1`. The query of the URL may have `sslmode`, as for libpq; `prefer` by default."""

    def __init__(self, url: CheckUrl, dialer: Dialer) -> None:
        self._dialer = dialer
        self._host = url.host
        self._mode = _mode(url.query)
        self._context = _context(self._mode)
        user = url.user or "postgres"
        self._login = Login(user, url.password or "", unquote(url.path.strip("/")) or user)
        if "\0" in self._login.user + self._login.password + self._login.database:
            raise InvalidRequest("`check.url` must not hold a zero byte.", field=FIELD)

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
        # Two bytes, so that nothing injected after the answer can pass for encrypted data.
        answer = await reader.read(2)
        if answer == b"S":
            await writer.start_tls(self._context, server_hostname=self._host)
        elif answer != b"N":
            raise Unhealthy("The peer does not speak PostgreSQL." if answer else "The connection broke.")
        elif self._mode != "prefer":
            raise Unhealthy("The server does not offer TLS.")
        return answer == b"S"


def _mode(query: str) -> str:
    options = parse_qs(query, keep_blank_values=True)
    mode = options.pop("sslmode", ["prefer"])[-1]
    if options or mode not in _MODES:
        raise InvalidRequest(f"The query of `check.url` may be `sslmode=` and one of {', '.join(_MODES)}.", field=FIELD)
    return mode


def _context(mode: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if mode == "verify-full":
        context.load_default_certs()
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
