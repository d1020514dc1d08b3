"""Whatever the peer does, a check ends in time with a sentence of ours, and leaves neither socket nor task."""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest

from duelcast.domain.operations.check import CheckType
from duelcast.outbound.checks.targets import TargetRules
from tests.outbound.checks.probing import (
    SCHEMES,
    TALKING,
    TYPES,
    check,
    hang_up,
    resolving_to,
    say,
    say_endlessly,
    say_nothing,
    serving,
)


def url_of(type_: CheckType, host: str, port: int) -> str:
    return f"{SCHEMES[type_]}://{host}:{port}"


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.mark.parametrize("type_", TALKING)
async def test_a_peer_that_says_nothing_is_left_when_the_time_is_up(type_: CheckType) -> None:
    async with serving(say_nothing) as server:
        result = await check(type_, url_of(type_, "127.0.0.1", server.port), timeout_ms=100)
        assert (result.healthy, result.details) == (False, "There was no answer within 100 ms.")
        await server.all_ended()
        assert asyncio.all_tasks() <= {asyncio.current_task(), *server.tasks}


@pytest.mark.parametrize("type_", TALKING)
async def test_a_check_that_is_cancelled_leaves_nothing(type_: CheckType) -> None:
    async with serving(say_nothing) as server:
        run = asyncio.create_task(check(type_, url_of(type_, "127.0.0.1", server.port)))
        await server.first_connection()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await server.all_ended()


@pytest.mark.parametrize("type_", TYPES)
async def test_a_port_where_nobody_listens(type_: CheckType, closed_port: int) -> None:
    result = await check(type_, url_of(type_, "127.0.0.1", closed_port))
    assert (result.healthy, result.details) == (False, "The connection was refused.")


@pytest.mark.parametrize("type_", TYPES)
async def test_a_name_without_address(type_: CheckType) -> None:
    async def fail(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "secret text")

    result = await check(type_, url_of(type_, "db.example", 1), TargetRules(resolver=fail))
    assert (result.healthy, result.details) == (False, "The host name cannot be resolved.")


@pytest.mark.parametrize("type_", TALKING)
async def test_a_peer_that_hangs_up(type_: CheckType) -> None:
    async with serving(hang_up) as server:
        result = await check(type_, url_of(type_, "127.0.0.1", server.port))
    assert not result.healthy
    assert result.details != "The check failed in an unexpected way."


@pytest.mark.parametrize("type_", TALKING)
@pytest.mark.parametrize("beginning", [b"", b"H", b"+", b"N"])
async def test_an_answer_that_ends_too_early(type_: CheckType, beginning: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(beginning)
        writer.write_eof()

    async with serving(serve) as server:
        result = await check(type_, url_of(type_, "127.0.0.1", server.port))
    assert not result.healthy
    assert result.details != "The check failed in an unexpected way."
    assert "no answer within" not in result.details


@pytest.mark.parametrize(
    ("type_", "details"),
    [
        ("http", "The peer does not speak HTTP."),
        ("tls", "The peer does not speak TLS, or speaks no version that we support."),
        ("websocket", "The WebSocket handshake failed."),
        ("postgres", "The peer does not speak PostgreSQL."),
        ("redis", "The peer does not speak Redis."),
    ],
)
async def test_a_peer_with_another_protocol(type_: CheckType, details: str) -> None:
    async with serving(say(b"220 mail.example ready\r\n\r\n")) as server:
        result = await check(type_, url_of(type_, "127.0.0.1", server.port))
    assert (result.healthy, result.details) == (False, details)


@pytest.mark.parametrize(
    ("type_", "first", "details"),
    [
        ("http", b"", "The peer does not speak HTTP."),
        ("http", b"HTTP/1.1 200 OK\r\nX: ", "The peer does not speak HTTP."),
        ("websocket", b"HTTP/1.1 101 Switching Protocols\r\nX: ", "The WebSocket handshake failed."),
        ("postgres", b"N", "The peer does not speak PostgreSQL."),
        ("postgres", b"S", "The peer does not speak PostgreSQL."),
        ("redis", b"+", "The peer does not speak Redis."),
    ],
)
async def test_an_answer_without_end_is_not_read_for_long(type_: CheckType, first: bytes, details: str) -> None:
    async with serving(say_endlessly(first)) as server:
        result = await check(type_, url_of(type_, "127.0.0.1", server.port))
    assert (result.healthy, result.details) == (False, details)


async def test_a_body_without_end_is_not_read_at_all() -> None:
    async with serving(say_endlessly(b"HTTP/1.1 200 OK\r\n\r\n")) as server:
        result = await check("http", url_of("http", "127.0.0.1", server.port))
    assert (result.healthy, result.metrics) == (True, {"status": 200})


@pytest.mark.parametrize("type_", TYPES)
async def test_the_password_of_a_url_is_told_nobody(
    type_: CheckType, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)  # libraries never log at a lower level, see `duelcast.logs`
    async with serving(say(b"nonsense s3cret\r\n\r\n")) as server:
        url = f"{SCHEMES[type_]}://user:s3cret@127.0.0.1:{server.port}"
        result = await check(type_, url, timeout_ms=500)
    output = capfd.readouterr()
    assert "s3cret" not in result.details + caplog.text + output.out + output.err


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:127.0.0.1", "64:ff9b:1::1"])
async def test_a_name_that_leads_to_a_forbidden_address_is_not_asked(type_: CheckType, address: str) -> None:
    rules = TargetRules(resolver=resolving_to("127.0.0.1", address))
    async with serving(say_nothing) as server:
        result = await check(type_, url_of(type_, "rebind.example", server.port), rules)
        assert server.accepted == 0
    assert (result.healthy, result.details) == (False, "The address of the host must not be probed.")


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "::127.0.0.1"])
async def test_this_machine_is_not_asked_by_an_address_that_stands_for_its_own(type_: CheckType, address: str) -> None:
    rules = TargetRules(["::/0", "0.0.0.0/0"], resolving_to(address))
    async with serving(say_nothing) as server:
        result = await check(type_, url_of(type_, "trick.example", server.port), rules, timeout_ms=500)
        assert server.accepted == 0
    assert result.details == "The address of the host must not be probed."


@pytest.mark.parametrize("type_", TYPES)
async def test_the_connection_goes_to_the_address_that_was_checked(type_: CheckType) -> None:
    """The name has no address but for the resolver of the rules, which is asked once."""
    asked = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async with serving(hang_up) as server:
        await check(type_, url_of(type_, "rebind.invalid", server.port), TargetRules(resolver=resolve))
        assert asked == [("rebind.invalid", server.port)]
        assert server.accepted >= 1


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("addresses", [("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "127.0.0.2")])
async def test_addresses_are_tried_in_turn(type_: CheckType, addresses: tuple[str, ...]) -> None:
    rules = TargetRules(resolver=resolving_to(*addresses))
    async with serving(hang_up) as server:
        await check(type_, url_of(type_, "two.invalid", server.port), rules)
        assert server.accepted >= 1
