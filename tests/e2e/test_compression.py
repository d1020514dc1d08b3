"""permessage-deflate (RFC 7692): negotiation, compressed commands, and broadcasts that clients share."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.names import Role
from tests.e2e.following import own_arena, publish_note, publish_notes
from tests.e2e.metrics import metric
from tests.e2e.raw import CONTINUATION, PING, TEXT, RawSocket, answer_to, frame, raw_socket, upgrade_request
from tests.serving import running, token_for

OFFER = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
RSV1 = 4
TAIL = b"\x00\x00\xff\xff"
MESSAGES = 300


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    """A server that compresses for any number of followers."""
    async with own_arena(compression_min_followers=1, rate_limit_factor=0) as (app, _clock):
        yield app


def deflated(**message: Any) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    text = json.dumps(message).encode()
    return (compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


class Window:
    """Inflates the messages of one connection, counts those that were compressed, and collects the texts of notes."""

    def __init__(self, socket: RawSocket) -> None:
        self._socket = socket
        self._inflate = zlib.decompressobj(-12)
        self.compressed = 0
        self.notes: list[str] = []

    async def receive(self) -> dict[str, Any]:
        received = await self._socket.receive()
        assert received.opcode == TEXT
        text = received.payload
        if received.is_compressed:
            self.compressed += 1
            text = self._inflate.decompress(text + TAIL)
        message: dict[str, Any] = json.loads(text)
        if message["type"] == "note":
            self.notes.append(message["text"])
        return message

    async def receive_until(self, **wanted: Any) -> list[dict[str, Any]]:
        messages = [await self.receive()]
        while any(messages[-1].get(name) != value for name, value in wanted.items()):
            messages.append(await self.receive())
        return messages


async def test_an_offer_is_answered_with_the_parameters_of_the_server(app: App) -> None:
    answer = await answer_to(app, upgrade_request(app, "arena", headers=OFFER))
    parameters = answer.headers["sec-websocket-extensions"].split("; ")
    assert parameters == ["permessage-deflate", "server_max_window_bits=12", "client_no_context_takeover"]


async def test_an_offer_of_a_small_window_is_declined(app: App) -> None:
    headers = {"Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=10"}
    answer = await answer_to(app, upgrade_request(app, "arena", headers=headers))
    assert "sec-websocket-extensions" not in answer.headers


async def test_a_client_that_keeps_no_context_gets_nothing_compressed(app: App) -> None:
    headers = {"Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover"}
    answer = await answer_to(app, upgrade_request(app, "arena", headers=headers))
    assert "server_no_context_takeover" in answer.headers["sec-websocket-extensions"]
    async with raw_socket(app, "arena", headers=headers) as socket:
        await socket.send(frame(TEXT, deflated(type="subscribe", channel="note.a", requestId="s"), reserved_bits=RSV1))
        window = Window(socket)
        await window.receive_until(requestId="s")
        for number in range(50):
            publish_note(app, "a", str(number))
            await window.receive_until(text=str(number))
        assert not window.compressed


async def test_nothing_is_negotiated_if_compression_is_off() -> None:
    async with running(compression_level=0) as app:
        answer = await answer_to(app, upgrade_request(app, "market-data", headers=OFFER))
        assert "sec-websocket-extensions" not in answer.headers


async def test_a_compressed_command_is_understood_whole_and_in_fragments(app: App) -> None:
    data = deflated(type="ping", timestamp="t", _filling="f" * 300)
    async with raw_socket(app, "arena", headers=OFFER) as socket:
        await socket.send(frame(TEXT, data, reserved_bits=RSV1))
        assert (await socket.receive_message())["timestamp"] == "t"
        await socket.send(
            frame(TEXT, data[:5], fin=False, reserved_bits=RSV1) + frame(PING) + frame(CONTINUATION, data[5:])
        )
        assert (await socket.receive_message())["timestamp"] == "t"
        await socket.send_json(type="ping", timestamp="plain")
        assert (await socket.receive_message())["timestamp"] == "plain"


async def test_a_bomb_is_1009(app: App) -> None:
    async with raw_socket(app, "arena", headers=OFFER) as socket:
        await socket.send(frame(TEXT, deflated(type="ping", timestamp="t" * 20_000_000), reserved_bits=RSV1))
        assert (await socket.ending())[0] == 1009


@pytest.mark.parametrize(
    ("offered", "sent"),
    [
        pytest.param({}, frame(TEXT, deflated(type="ping"), reserved_bits=RSV1), id="not negotiated"),
        pytest.param(OFFER, frame(PING, b"", reserved_bits=RSV1), id="control frame"),
        pytest.param(OFFER, frame(TEXT, b"\xff\xff\xff", reserved_bits=RSV1), id="not deflate"),
        pytest.param(OFFER, frame(TEXT, deflated(type="ping"), reserved_bits=RSV1 | 1), id="RSV3"),
        pytest.param(
            OFFER,
            frame(TEXT, b"{", fin=False) + frame(CONTINUATION, b"}", reserved_bits=RSV1),
            id="continuation",
        ),
    ],
)
async def test_a_violation_of_the_extension_is_1002(app: App, offered: dict[str, str], sent: bytes) -> None:
    async with raw_socket(app, "arena", headers=offered) as socket:
        await socket.send(sent)
        assert (await socket.ending())[0] == 1002


async def test_followers_share_compressed_broadcasts_and_get_replies_uncompressed(app: App) -> None:
    async with raw_socket(app, "arena", headers=OFFER) as busy, raw_socket(app, "arena", headers=OFFER) as quiet:
        windows = {busy: Window(busy), quiet: Window(quiet)}
        for socket, window in windows.items():
            await socket.send_json(type="subscribe", channel="note.a", requestId="s")
            await window.receive_until(requestId="s")
        for number in range(MESSAGES):
            publish_note(app, "a", f"message {number}")
            await windows[quiet].receive_until(text=f"message {number}")
            if number % 10 == 0:
                await busy.send_json(type="get_subscriptions", requestId=str(number))
                assert (await windows[busy].receive_until(requestId=str(number)))[-1]["type"] == "subscriptions"
        await windows[busy].receive_until(text=f"message {MESSAGES - 1}")
        assert windows[busy].notes == windows[quiet].notes == [f"message {number}" for number in range(MESSAGES)]
        assert windows[quiet].compressed > windows[busy].compressed > 0
        assert metric(app, "duelcast_compression_saved_bytes_total") > 0


async def test_private_channels_are_never_compressed(app: App) -> None:
    async with raw_socket(app, "arena", f"?token={token_for(app, 'ann', Role.ADMIN)}", headers=OFFER) as socket:
        window = Window(socket)
        await socket.send_json(type="subscribe", channels=["note.a", "private.ann"], requestId="s")
        await window.receive_until(requestId="s")
        publish_notes(app, "a", *map(str, range(50)))
        await window.receive_until(text="49")
        assert not window.compressed


async def test_one_follower_alone_is_not_worth_it() -> None:
    async with own_arena() as (app, _), raw_socket(app, "arena", headers=OFFER) as socket:
        window = Window(socket)
        await socket.send_json(type="subscribe", channel="note.a", requestId="s")
        await window.receive_until(requestId="s")
        for number in range(50):
            publish_note(app, "a", str(number))
            await window.receive_until(text=str(number))
        assert not window.compressed
