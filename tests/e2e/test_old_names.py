"""Names of earlier versions (protocol 14)."""

from __future__ import annotations

import pytest

from duelcast.app import App
from tests.e2e.market import post_price
from tests.serving import Frame, client, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


def without_volatile(frame: Frame) -> Frame:
    return {name: value for name, value in frame.items() if name not in {"requestId", "timestamp"}}


@pytest.mark.parametrize(
    ("old", "new"),
    [("subscribe_tokens", "SUBSCRIBE_SYMBOLS"), ("unsubscribe_tokens", "UNSUBSCRIBE_SYMBOLS")],
)
async def test_an_old_name_of_token_data_is_answered_as_the_new_one(app: App, old: str, new: str) -> None:
    await post_price(app, "OLDNAME", 1.0)
    answers = []
    for name in (old, new):
        async with client(app, "token-data") as sender:
            answer = await sender.ask(type=name, symbols=["oldname"])
            answers.append([without_volatile(answer), *await sender.drain()])
    assert answers[0] == answers[1]


async def test_an_old_name_demands_the_fields_of_the_new_one(app: App) -> None:
    async with client(app, "token-data") as sender:
        answer = await sender.ask(type="subscribe_tokens", tokens=["SOL"])
    assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "tokens")


@pytest.mark.parametrize("old", ["subscribe_tokens", "unsubscribe_tokens"])
async def test_an_old_name_of_token_data_is_unknown_on_market_data(app: App, old: str) -> None:
    async with client(app, "market-data") as sender:
        answer = await sender.ask(type=old, symbols=["SOL"])
    assert (answer["type"], answer["code"]) == ("ERROR", "UNKNOWN_MESSAGE_TYPE")


@pytest.mark.parametrize("endpoint", ["market-data", "token-data", "arena"])
async def test_authenticate_is_auth_everywhere(app: App, endpoint: str) -> None:
    async with client(app, endpoint) as visitor:
        answer = await visitor.ask(type="authenticate", token=token_for(app, "veteran"))
    assert (answer["type"], answer["user"]["wallet_address"]) == ("auth_success", "veteran")


async def test_an_old_name_that_an_endpoint_declares_is_answered_as_the_new_one(app: App) -> None:
    async with client(app, "arena") as visitor:
        answer = await visitor.ask(type="proclaim", text="hear")
    assert answer["code"] == "UNAUTHORIZED"


async def test_an_old_name_that_is_refused_is_told_its_successor(app: App) -> None:
    async with client(app, "arena") as sender:
        answer = await sender.ask(type="OLD_WRITE", room="r", text="t")
    assert answer["code"] == "UNKNOWN_MESSAGE_TYPE"
    assert "`OLD_WRITE`" in answer["message"]
    assert "`write`" in answer["message"]
