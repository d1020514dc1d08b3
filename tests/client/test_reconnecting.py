"""Lost connections, refused tokens and slow readers, on real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from duelcast.client import Closed, Overflow, Refusal, Refused, SignedOut, Stream, channels
from duelcast.client.generated.circuit_breaker import ServiceAlert
from duelcast.client.generated.common import GetSubscriptions
from duelcast.client.generated.contest import GetChatMessages
from tests.client.scripted import Peer, alert, arrives, next_price, price, watching


async def next_alert(stream: Stream[ServiceAlert]) -> int:
    return int((await anext(stream)).alert.id)


async def alert_arrives(peer: Peer, first: asyncio.Task[int], seq: int) -> None:
    """Confirm the channel, send an alert, and see it arrive."""
    await peer.follow("alerts", seq - 1)
    await peer.send(alert(seq))
    assert await first == seq


async def test_a_stream_goes_on_where_the_connection_was_lost() -> None:
    async with watching(token="t1") as watched, watched.client as client:
        alerts = client.circuit_breaker.follow(channels.ALERTS)
        first = asyncio.create_task(next_alert(alerts))
        peer = await watched.greeted(positions={"alerts": 10})
        await alert_arrives(peer, first, 11)
        await peer.socket.close(1012, "retry_after_ms=1500")
        assert (await watched.retry()).retry_in_s == 1.5
        peer = await watched.peer()
        assert "since=alerts%2CE1%2C11" in peer.path
        resumed = {"type": "subscription_confirmed", "channel": "alerts", "kind": "every", "epoch": "E1", "seq": 12}
        await peer.send({**resumed, "recovered": True}, alert(12))
        await peer.greet(positions={"alerts": 12})
        await peer.send(alert(11), alert(13))
        assert [await next_alert(alerts), await next_alert(alerts)] == [12, 13]


async def test_a_slow_reader_of_every_message_is_told_how_many_it_lost() -> None:
    async with watching(token="t1") as watched, watched.client as client:
        alerts = client.circuit_breaker.follow(channels.ALERTS, maxsize=3)
        first = asyncio.create_task(next_alert(alerts))
        peer = await watched.greeted()
        await alert_arrives(peer, first, 1)
        await peer.send(*map(alert, range(2, 9)))
        await answered(peer, client.circuit_breaker)
        with pytest.raises(Overflow) as overflow:
            await anext(alerts)
        assert overflow.value.lost == 4
        assert [await next_alert(alerts) for _ in range(3)] == [6, 7, 8]


async def test_a_slow_reader_of_prices_gets_the_newest_of_each_symbol() -> None:
    async with watching() as watched, watched.client as client:
        prices = client.market("SOL", "BTC")
        first = asyncio.create_task(anext(prices))
        peer = await watched.greeted()
        await arrives(peer, first)
        await peer.send(*(price("SOL", value, value) for value in range(2, 50)), price("BTC", 7, 1))
        await answered(peer, client.market_data)
        newest = [await anext(prices), await anext(prices)]
        assert [(one.symbol, one.price) for one in newest] == [("SOL", 49), ("BTC", 7)]


async def answered(peer: Peer, endpoint: Any) -> None:
    """Return once the client has handled everything that was sent before."""
    request = asyncio.create_task(endpoint.request(GetSubscriptions()))
    asked = await peer.receive_type("get_subscriptions")
    await peer.answer(asked, type="subscriptions", data=[])
    await request


async def test_a_second_refused_token_signs_out_until_another_is_set() -> None:
    async with watching(token="old") as watched, watched.client as client:
        alerts = client.circuit_breaker.follow(channels.ALERTS)
        first = asyncio.create_task(next_alert(alerts))
        for _ in range(2):
            peer = await watched.peer()
            assert (await peer.receive_type("auth"))["token"] == "old"
            await peer.socket.close(4001, "unauthorized")
        with pytest.raises(SignedOut):
            await first
        client.set_token("new")
        first = asyncio.create_task(next_alert(alerts))
        peer = await watched.peer()
        assert (await peer.receive_type("auth"))["token"] == "new"
        await peer.greet()
        await alert_arrives(peer, first, 1)


async def test_a_provider_that_fails_is_asked_again_and_its_text_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    for logger in ("", "duelcast.client"):
        caplog.set_level(logging.DEBUG, logger)
    answers: list[str | Exception] = [RuntimeError("secret-token"), "another-token"]

    async def provider() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with watching(token=provider) as watched, watched.client as client:
        request = asyncio.create_task(client.contest.request(GetChatMessages(contestId=2)))
        state = await watched.retry()
        assert "RuntimeError" in state.reason
        peer = await watched.peer()
        assert (await peer.receive_type("auth"))["token"] == "another-token"
        await peer.greet()
        asked = await peer.receive_type("get_chat_messages")
        await peer.answer(asked, type="chat_messages", contestId=2, data=[], hasMore=False)
        assert not (await request).hasMore
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("websockets.server")]
    assert any("contest is open" in line for line in logged)
    shown = repr([logged, watched.states, client, vars(client)])
    assert "secret-token" not in shown
    assert "another-token" not in shown


async def test_a_provider_that_returns_anything_else_counts_as_failed() -> None:
    async with watching(token=lambda: 7) as watched, watched.client as client:
        request = asyncio.create_task(client.contest.request(GetChatMessages(contestId=2)))
        assert "did not return a string" in (await watched.state("waiting")).reason
    with pytest.raises(Closed):
        await request


@pytest.mark.parametrize(
    "status",
    [
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ],
)
async def test_a_server_that_does_not_open_a_connection_is_tried_again(status: HTTPStatus) -> None:
    refusals = [status]

    def refuse(socket: ServerConnection, _request: Request) -> Response | None:
        return socket.respond(refusals.pop(), "not now") if refusals else None

    async with watching(refuse) as watched, watched.client as client:
        first = next_price(client)
        state = await watched.retry()
        assert state.code == status
        assert str(status.value) in state.reason
        peer = await watched.greeted()
        await arrives(peer, first)


async def test_a_jump_of_the_clock_makes_the_client_try_at_once() -> None:
    async with watching() as watched, watched.client as client:
        first = next_price(client)
        peer = await watched.peer()
        await peer.socket.close(1013, "retry_after_ms=200000")
        await watched.state("waiting")
        watched.clock.step(3_600)
        await watched.clock.advance(6)
        peer = await watched.greeted()
        await arrives(peer, first)


async def test_what_is_not_iterated_any_more_is_left_after_a_while() -> None:
    async with watching() as watched, watched.client as client:

        async def look() -> None:
            async for _ in client.market("SOL"):
                break

        looking = asyncio.create_task(look())
        peer = await watched.greeted()
        await peer.send(price("SOL", 1, 1))
        await looking
        await watched.state("open")
        await watched.clock.advance(6)
        await peer.socket.wait_closed()
        assert peer.socket.close_code == 1000
        assert client.states["market-data"].status == "idle"


async def test_an_unknown_symbol_is_refused_but_not_beside_a_known_one() -> None:
    async with watching() as watched, watched.client as client:
        unknown = asyncio.create_task(anext(client.market("NEW")))
        peer = await watched.greeted()
        await peer.refuse(field="channels[0]")
        with pytest.raises(Refused, match="UNKNOWN_CHANNEL"):
            await unknown
        both = asyncio.create_task(anext(client.market("NEW", "SOL")))
        await peer.receive_type("subscribe")
        await arrives(peer, both)


async def test_a_refusal_that_names_a_time_does_not_end_an_iterator() -> None:
    async with watching() as watched, watched.client as client:
        first = next_price(client)
        peer = await watched.greeted()
        await peer.refuse("RATE_LIMIT_EXCEEDED", retryAfterMs=2_000)
        await peer.pong()
        await answered(peer, client.market_data)
        await watched.clock.advance(2.01)
        await peer.receive_type("subscribe")
        await arrives(peer, first)


async def test_a_symbol_that_is_unknown_for_a_while_does_not_end_its_iterator() -> None:
    async with watching() as watched, watched.client as client:
        prices = client.market("SOL")
        first = asyncio.create_task(anext(prices))
        peer = await watched.greeted()
        await peer.follow("market.SOL", 0, kind="latest")
        await arrives(peer, first)
        second = asyncio.create_task(anext(prices))
        await peer.socket.close(1012, "retry_after_ms=1500")
        await watched.retry()
        peer = await watched.greeted()
        await peer.refuse(field="channels[0]")
        await peer.pong()
        await answered(peer, client.market_data)
        await watched.clock.advance(10.01)
        await peer.receive_type("subscribe")
        await arrives(peer, second)


async def test_a_denied_symbol_ends_its_iterator() -> None:
    async with watching() as watched, watched.client as client:
        denied = next_price(client)
        peer = await watched.greeted()
        await peer.refuse("SUBSCRIPTION_DENIED", field="channels[0]")
        with pytest.raises(Refused, match="SUBSCRIPTION_DENIED"):
            await denied


async def test_hooks_hear_of_refusals_and_messages() -> None:
    refusals: list[Refusal] = []
    texts: list[tuple[str, str]] = []
    hooks: dict[str, Any] = {"on_refusal": refusals.append, "on_frame": lambda *heard: texts.append(heard)}
    async with watching(**hooks) as watched, watched.client as client:
        unknown = asyncio.create_task(anext(client.market("NEW")))
        peer = await watched.greeted()
        await peer.refuse(field="channels[0]")
        with pytest.raises(Refused):
            await unknown
        await answered(peer, client.market_data)
    (refused,) = refusals
    assert (refused.endpoint, refused.name, refused.asks_again) == ("market-data", "market.NEW", True)
    assert [(endpoint, json.loads(text)["type"]) for endpoint, text in texts] == [
        ("market-data", "connection_established"),
        ("market-data", "ERROR"),
        ("market-data", "subscriptions"),
    ]
