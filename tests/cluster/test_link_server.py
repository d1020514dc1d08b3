"""The room for links, and the reasons for which a leader ends them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

import msgspec
import pytest
from structlog.testing import capture_logs

from duelcast.cluster import frames as link_frames
from duelcast.cluster.calls import Kind, Peer
from duelcast.cluster.frames import MAX_FRAME_BYTES, FrameProtocol
from duelcast.cluster.link_server import LinkServer
from tests.cluster.links import SECRET, gateway, leader
from tests.cluster.nodes import LOCALHOST
from tests.e2e.slow import until


async def read_all(reader: asyncio.StreamReader) -> None:
    """Return once the other side has ended the connection."""
    with suppress(ConnectionError):
        await reader.read()


def reasons(server: LinkServer) -> dict[str, float]:
    """How many links were cut off, by reason, as the metrics show it."""
    counts = {}
    for metric in server.collect():
        for sample in metric.samples:
            if sample.name == "duelcast_links_refused_total" and sample.value:
                counts[sample.labels["reason"]] = sample.value
    return counts


async def test_strangers_who_say_nothing_make_room_for_gateways() -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(leader(max_links=2))
        strangers = [await asyncio.open_connection(LOCALHOST, server.port) for _ in range(2)]
        for _, writer in strangers:
            stack.callback(writer.close)
        for reader, _ in strangers:
            await reader.readexactly(4)  # the leader has accepted it
        links = [await stack.enter_async_context(gateway(server.port)) for _ in range(2)]
        for number, link in enumerate(links):
            assert await link.call("echo", b"%d" % number, repeatable=True) == b"%d" % number
        for reader, _ in strangers:
            await read_all(reader)
        assert reasons(server) == {"room": 2}


async def test_a_stranger_does_not_take_the_room_of_a_gateway() -> None:
    async with leader(max_links=1) as server, gateway(server.port) as link:
        await link.call("echo", b"before", repeatable=True)
        reader, writer = await asyncio.open_connection(LOCALHOST, server.port)
        assert await reader.read() == b""
        writer.close()
        assert await link.call("echo", b"after", repeatable=True) == b"after"
        assert reasons(server) == {"room": 1}


async def test_a_peer_that_reads_nothing_is_cut_off_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_frames, "DRAIN_TIMEOUT_S", 0.01)
    async with leader() as server:
        frames = FrameProtocol(SECRET, "peer", listens=False, faults=server.faults)
        connected, ended = asyncio.Event(), asyncio.Event()
        frames.connected = connected.set
        frames.lost = ended.set
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: frames, LOCALHOST, server.port)
        await connected.wait()
        transport.pause_reading()
        # More than the buffers of both kernels.
        body = bytes(MAX_FRAME_BYTES // 2)
        for number in range(1, 5):
            frames.send(msgspec.msgpack.encode([Kind.CALL, number, "echo", body]))
        await until(lambda: reasons(server) == {"slow": 1})
        transport.abort()
        await ended.wait()


async def test_refusals_are_logged_with_their_reason_some_each_minute() -> None:
    with capture_logs() as logs:
        async with leader() as server:
            for _ in range(3):
                reader, writer = await asyncio.open_connection(LOCALHOST, server.port)
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                await read_all(reader)
                writer.close()
            await until(lambda: reasons(server) == {"size": 3})
    assert logs == [{"event": "link_refused", "log_level": "warning", "address": LOCALHOST, "reason": "size"}]


async def test_a_peer_that_sends_no_message_is_cut_off_and_counted() -> None:
    async with leader() as server:
        frames = FrameProtocol(SECRET, "peer", listens=False, faults=server.faults)
        ended = asyncio.Event()
        frames.connected = lambda: frames.send(b"\xc1")
        frames.lost = ended.set
        await asyncio.get_running_loop().create_connection(lambda: frames, LOCALHOST, server.port)
        await ended.wait()
        await until(lambda: reasons(server) == {"payload": 1})


async def test_a_gateway_gives_up_the_link_to_a_leader_whose_term_is_over() -> None:
    async with leader() as server, gateway(server.port, term=3) as link:
        leaders: list[Peer] = []
        link.introduce = leaders.append
        assert await link.call("echo", b"first", repeatable=False) == b"first"
        link.term_begun(3)
        assert await link.call("echo", b"same term", repeatable=False) == b"same term"
        assert len(leaders) == 1
        link.term_begun(4)
        await until(lambda: len(leaders) == 2)
        assert await link.call("echo", b"next", repeatable=False) == b"next"
