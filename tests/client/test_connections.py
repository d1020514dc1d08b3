"""What keeps a connection, what it follows by itself, and how its end is worded, on real sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from duelcast.client import Client, Refusal, Refused, SignedOut, channels
from duelcast.client.generated.circuit_breaker import ServiceAlert
from duelcast.client.generated.common import GetSubscriptions, Subscribe
from duelcast.clock import ManualClock
from tests.client.scripted import Scripted, Watched, alert, price, watching
from tests.e2e.test_tls import write_certificate
from tests.serving import running


async def test_a_stream_begins_to_follow_when_it_is_entered() -> None:
    async with watching() as watched, watched.client as client, client.market("SOL") as prices:
        peer = await watched.greeted()
        assert (await peer.receive_type("subscribe"))["channels"] == ["market.SOL"]
        await peer.send(price("SOL", 1, 1))
        assert (await anext(prices)).price == 1


async def test_without_channels_a_stream_has_those_that_the_endpoint_joins_and_resumes_them() -> None:
    async with watching(token="t1") as watched, watched.client as client, client.circuit_breaker.follow() as messages:
        peer = await watched.greeted(positions={"alerts": 10})
        await peer.pong()
        await peer.send(alert(11))
        assert isinstance(await anext(messages), ServiceAlert)
        await peer.socket.close(1012, "retry_after_ms=1")
        await watched.retry()
        assert "since=alerts%2CE1%2C11" in (await watched.peer()).path


async def test_without_channels_a_stream_keeps_the_connection() -> None:
    async with watching(token="t1") as watched, watched.client as client, client.skyduel.follow():
        await watched.greeted()
        await watched.state("open")
        await watched.clock.advance(20)
        assert client.states["skyduel"].status == "open"


async def test_without_channels_a_stream_that_begins_late_gets_the_snapshots_again() -> None:
    async with watching(token="t1") as watched, watched.client as client:
        request = asyncio.create_task(client.circuit_breaker.request(Subscribe(channel="services")))
        peer = await watched.greeted(positions={"alerts": 10})
        joined = await peer.receive_type("subscribe")
        confirmed = {"type": "subscription_confirmed", "channel": "services", "kind": "latest"}
        await peer.answer(joined, **confirmed, epoch="E1", seq=1)
        await request
        async with client.circuit_breaker.follow():
            assert (await peer.receive_type("subscribe"))["channels"] == ["alerts"]


async def test_a_stream_without_channels_does_not_keep_those_of_others() -> None:
    async with watching(token="t1") as watched, watched.client as client, client.circuit_breaker.follow():
        peer = await watched.greeted()
        async with client.circuit_breaker.follow(channels.SERVICES):
            assert (await peer.receive_type("subscribe"))["channels"] == ["services"]
        await watched.state("open")
        await watched.clock.advance(6)
        assert (await peer.receive_type("unsubscribe"))["channels"] == ["services"]


async def test_a_right_that_is_lost_is_reported_as_a_refusal() -> None:
    refusals: asyncio.Queue[Refusal] = asyncio.Queue()
    async with (
        watching(on_refusal=refusals.put_nowait) as watched,
        watched.client as client,
        client.market("SOL") as prices,
    ):
        peer = await watched.greeted()
        await peer.follow("market.SOL", 0)
        await peer.send({"type": "unsubscription_confirmed", "channel": "market.SOL", "reason": "rights"})
        refusal = await asyncio.wait_for(refusals.get(), 30)
        assert (refusal.name, refusal.failure.code, refusal.asks_again) == (
            "market.SOL",
            "SUBSCRIPTION_DENIED",
            False,
        )
        with pytest.raises(Refused, match="SUBSCRIPTION_DENIED"):
            await anext(prices)


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [
        (1011, "", "The server failed."),
        (1012, "restart retry_after_ms=1730", "The server restarts."),
        (1013, "over capacity retry_after_ms=1", "The server is full."),
        (4008, "slow_reader", "This client read too slowly."),
        (1008, "heartbeat", "heartbeat"),
        (1001, "", "The connection was lost."),
    ],
)
async def test_the_end_of_a_connection_is_a_sentence(code: int, reason: str, said: str) -> None:
    async with watching() as watched, watched.client as client, client.market("SOL"):
        await (await watched.peer()).socket.close(code, reason)
        assert (await watched.state("waiting")).reason == said


async def test_the_sentence_of_a_server_that_refuses_a_token_reaches_those_who_wait() -> None:
    async with watching(token="t1") as watched, watched.client as client, client.room(2) as room:
        ready = asyncio.create_task(room.ready())
        for _ in range(2):
            peer = await watched.peer()
            auth = await peer.receive_type("auth")
            await peer.answer(auth, type="error", code="UNAUTHORIZED", message="The token is for another server.")
            await peer.socket.close(4001)
        with pytest.raises(SignedOut, match="The token is for another server"):
            await ready
        assert room.status == "refused"
        with pytest.raises(SignedOut, match="The token is for another server"):
            await anext(client.leaderboard(2))


@pytest.mark.parametrize("url", [None, "", "contests.example", "ftp://contests.example", "ws://"])
def test_an_address_that_is_none_is_refused_at_once(url: Any) -> None:
    with pytest.raises(ValueError, match="the address of a server looks like"):
        Client(url)


async def test_the_password_of_an_address_is_in_no_state() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    watched = Watched(Scripted(f"ws://me:hunter2@{place}/path"))
    async with watched.client as client, client.market("SOL"):
        assert (await watched.state("waiting")).reason == f"No WebSocket server answers at {place}."


async def test_a_certificate_that_is_not_trusted_refuses_the_connection(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    async with running(ManualClock(), tls_cert=certificate, tls_key=key) as app:
        url = f"https://127.0.0.1:{app.port}"
        async with Client(url) as client:
            with pytest.raises(Refused, match="does not trust the server's certificate"):
                await anext(client.market("*"))
        async with Client(url, ssl=ssl.create_default_context(cafile=certificate)) as client:
            await client.market_data.request(GetSubscriptions())
