"""What is read of a client: in turns, up to what its state allows; small frames and unfinished messages have bounds."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.gateway.reading import BoundedReader
from tests.e2e.arenas import arenas
from tests.e2e.ending import retry_after_ms
from tests.e2e.metrics import connections, metric, received
from tests.e2e.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawSocket, frame, raw_socket
from tests.e2e.slow import KIB, MIB, until
from tests.serving import client, running, token_for

HEARTBEAT = frame(TEXT, b'{"type":"heartbeat"}')


@pytest.fixture
def bytes_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of all WebSockets, in the order of reading."""
    sizes: list[int] = []
    update = BoundedReader.buffer_updated

    def note(reader: BoundedReader, nbytes: int) -> None:
        sizes.append(nbytes)
        update(reader, nbytes)

    monkeypatch.setattr(BoundedReader, "buffer_updated", note)
    return sizes


async def kinds_up_to_the_close(socket: RawSocket) -> tuple[list[int], int, str]:
    """The opcodes of the frames before the close, its code and its reason."""
    kinds = []
    while (got := await socket.receive()).opcode != CLOSE:
        kinds.append(got.opcode)
    return kinds, int.from_bytes(got.payload[:2], "big"), got.payload[2:].decode()


# ── small frames ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_600_pings_are_answered_and_the_next_closes() -> None:
    async with running(ManualClock()) as app, raw_socket(app, "market-data") as flood:
        await flood.send(frame(PING) * 2_000)
        kinds, code, reason = await kinds_up_to_the_close(flood)
    assert (kinds, code, reason) == ([PONG] * 600, 1008, "rate_limit")


@pytest.mark.parametrize(
    "flooding",
    [
        pytest.param(frame(PONG) * 601, id="PONG"),
        pytest.param(frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 600, id="empty fragments"),
        pytest.param(frame(TEXT, fin=False) + frame(CONTINUATION, b"x" * 63, fin=False) * 600, id="small fragments"),
        pytest.param((frame(PING) + frame(PONG)) * 301, id="PING and PONG"),
    ],
)
async def test_small_frames_of_every_kind_count_together(flooding: bytes) -> None:
    async with running(ManualClock()) as app, raw_socket(app, "market-data") as flood:
        await flood.send(flooding)
        assert (await flood.ending()) == (1008, "rate_limit")


async def test_small_frames_are_let_through_again_evenly() -> None:
    clock = ManualClock()
    async with running(clock, small_frames_per_minute=6) as app, raw_socket(app, "market-data") as patient:
        await patient.send(frame(PING) * 6)
        for _ in range(6):
            await patient.receive_kind(PONG)
        await clock.advance(10)
        await patient.send(frame(PING, b"seventh") + frame(PING, b"eighth"))
        assert await patient.receive_kind(PONG) == b"seventh"
        assert (await patient.ending()) == (1008, "rate_limit")


async def test_fragments_of_64_bytes_and_last_ones_are_no_small_frames() -> None:
    async with running(ManualClock(), small_frames_per_minute=1) as app, raw_socket(app, "market-data") as sender:
        message = b'{"type":"heartbeat","_":"' + b"x" * 200 + b'"}'
        parts = [message[start : start + 64] for start in range(0, len(message), 64)]
        for _ in range(3):
            await sender.send(frame(TEXT, parts[0], fin=False))
            await sender.send(b"".join(frame(CONTINUATION, part, fin=False) for part in parts[1:-1]))
            await sender.send(frame(CONTINUATION, parts[-1]))
            assert (await sender.receive_message())["type"] == "heartbeat_ack"


# ── turns ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_connection_brings_a_little_in_each_loop_turn() -> None:
    async with arenas(rate_limit_factor=0, read_turn_bytes=2 * KIB) as app, raw_socket(app, "open") as eager:
        await eager.send(HEARTBEAT * 4_000)
        before, most = received(app, "open"), 0.0
        while before < 4_000:
            await asyncio.sleep(0)
            now = received(app, "open")
            before, most = now, max(most, now - before)
    assert 0 < most <= 2 * KIB // len(HEARTBEAT) + 1


# ── states ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_of_a_client_that_was_not_greeted_16_kib_are_read(bytes_read: list[int]) -> None:
    async with arenas() as app, raw_socket(app, "members", "?auth=message", greeted=False) as stranger:
        await stranger.send(frame(TEXT, b"x" * 60 * KIB))
        assert (await stranger.receive_message())["code"] == "UNAUTHORIZED"
        assert (await stranger.ending())[0] == 4001
        assert isinstance(app.clock, ManualClock)
        await app.clock.advance(11)
        await until(lambda: not connections(app))
        assert sum(bytes_read) <= 2 * 16 * KIB


async def test_an_auth_that_does_not_fit_closes_with_4001_at_once() -> None:
    async with arenas() as app, raw_socket(app, "members", "?auth=message", greeted=False) as stranger:
        await stranger.send_json(type="auth", token=token_for(app, "stranger"), _="x" * 20 * KIB)
        answer = await stranger.receive_message()
        assert (answer["code"], "16384 bytes" in answer["message"]) == ("UNAUTHORIZED", True)
        assert (await stranger.ending())[0] == 4001


async def test_what_waits_behind_a_token_beyond_that_is_read_once_the_client_is_greeted() -> None:
    async with (
        arenas(rate_limit_factor=0, limited_read_bytes=1 * KIB) as app,
        raw_socket(app, "members", "?auth=message", greeted=False) as eager,
    ):
        await eager.send_json(type="auth", token=token_for(app, "eager"))
        await eager.send(HEARTBEAT * 500)
        kinds: list[str] = []
        while kinds.count("heartbeat_ack") < 500:
            kinds.append((await eager.receive_message())["type"])
    assert kinds[:3] == ["auth_success", "welcome", "connection_established"]


async def test_of_a_client_that_is_refused_16_kib_are_read(bytes_read: list[int]) -> None:
    clock = ManualClock()
    async with (
        running(clock, max_connections=1) as app,
        client(app, "market-data"),
        raw_socket(app, "market-data", greeted=False) as refused,
    ):
        await refused.send(frame(TEXT, b"x" * 100 * KIB) * 5)
        assert (await refused.receive_message())["code"] == "TOO_MANY_CONNECTIONS"
        code, reason = await refused.ending()
        assert (code, retry_after_ms(reason) > 0) == (1013, True)
        await clock.advance(11)
        await until(lambda: len(app.node.gateway.sockets) == 1)
        assert sum(bytes_read) <= 2 * 16 * KIB


async def test_of_a_client_that_is_sent_away_its_close_is_still_read() -> None:
    async with arenas() as app, raw_socket(app, "open") as leaver:
        await leaver.send(frame(BINARY, b"x") + HEARTBEAT * 100 + frame(CLOSE, (1003).to_bytes(2, "big")))
        assert (await leaver.ending())[0] == 1003
        await until(lambda: not connections(app))


# ── unfinished messages ─────────────────────────────────────────────────────────────────────────────────────────────


async def send_part(socket: RawSocket, announced: int, sent: int) -> None:
    """The beginning of a frame."""
    await socket.send(frame(TEXT, b"x" * announced)[:sent])


async def holds(app: App, size: int) -> None:
    await until(lambda: metric(app, "duelcast_fragments_bytes") >= size)


async def test_a_partial_frame_has_30_seconds_however_it_trickles() -> None:
    clock = ManualClock()
    async with running(clock) as app, raw_socket(app, "market-data") as trickling:
        data = frame(TEXT, b"x" * 1_000)
        for second in range(30):
            await trickling.send(data[second : second + 1])
            await until(lambda read=second + 1: metric(app, "duelcast_fragments_bytes") == read)  # type: ignore[misc]  # bound now
            await clock.advance(1)
        await clock.advance(1)
        assert (await trickling.ending()) == (1008, "incomplete_message")


async def test_each_message_has_30_seconds_of_its_own() -> None:
    clock = ManualClock()
    async with running(clock) as app, raw_socket(app, "market-data") as halting:
        half = len(HEARTBEAT) // 2
        await halting.send(HEARTBEAT[:half])
        for _ in range(4):
            await holds(app, half)
            await clock.advance(20)
            await halting.send(HEARTBEAT[half:] + HEARTBEAT[:half])
            assert (await halting.receive_message())["type"] == "heartbeat_ack"


async def test_a_partial_frame_counts_in_the_budget_and_who_holds_most_is_sent_away() -> None:
    async with (
        running(ManualClock(), fragments_max_bytes=60 * KIB) as app,
        raw_socket(app, "market-data") as greedy,
        raw_socket(app, "market-data") as modest,
    ):
        await send_part(greedy, 100 * KIB, 50 * KIB)
        await holds(app, 50 * KIB)
        await modest.send(frame(TEXT, b"x" * 20 * KIB, fin=False))
        code, reason = await greedy.ending()
        assert (code, retry_after_ms(reason) > 0) == (1013, True)
        await modest.send(frame(CONTINUATION, b"x"))
        assert (await modest.receive_message())["code"] == "INVALID_MESSAGE"
        assert metric(app, "duelcast_unfinished_refused_total") == 1


async def test_it_is_the_address_that_holds_most_that_loses_a_connection() -> None:
    headers = [{"X-Forwarded-For": address} for address in ("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2")]
    async with (
        running(ManualClock(), fragments_max_bytes=100 * KIB, trusted_proxies=("127.0.0.1",)) as app,
        AsyncExitStack() as stack,
    ):
        first, second, third, other = [
            await stack.enter_async_context(raw_socket(app, "market-data", headers=each)) for each in headers
        ]
        for sender, size in ((other, 40), (first, 20), (second, 25), (third, 18)):
            await send_part(sender, 100 * KIB, size * KIB)
            if sender is not third:
                await until(lambda: metric(app, "duelcast_fragments_bytes") % KIB == 0)
        assert (await second.ending())[0] == 1013
        assert len([each for each in app.node.gateway.sockets if each.is_open]) == 3


async def test_what_a_partial_frame_held_is_free_once_its_connection_is_gone() -> None:
    async with running(ManualClock()) as app:
        async with raw_socket(app, "market-data") as leaver:
            await send_part(leaver, 100 * KIB, 50 * KIB)
            await holds(app, 50 * KIB)
        await until(lambda: metric(app, "duelcast_fragments_bytes") == 0)
        assert metric(app, "duelcast_unfinished_refused_total") == 0


async def test_a_large_message_in_small_parts_is_read_whole() -> None:
    async with arenas(rate_limit_factor=0) as app, client(app, "analytics", token=token_for(app, "w")) as sender:
        await sender.ws.send('{"type":"heartbeat","_":"' + "x" * (MIB // 2 - 100) + '"}')
        assert (await sender.receive())["type"] == "heartbeat_ack"
