"""The form on the page of an endpoint that connects to the server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.documentation import TryIt
from tests.browser.watching import Watch
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser

MOST_SHOWN = 100
TOKEN = "sessionStorage.getItem('duelcast.token')"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    scene = Scene(Path(tmp_path_factory.mktemp("scene")) / "data")
    try:
        scene.open()
        yield scene
    finally:
        scene.close()


def test_market_data_needs_no_token(page: Page, scene: Scene, watch: Watch) -> None:
    trial = TryIt(page, scene.server.url, "market-data")
    assert json.loads(trial.message.input_value())["type"] == "SUBSCRIBE_SYMBOLS"
    trial.press("Send")
    trial.expect_status("Connected")
    price = trial.arrived("MARKET_PRICE market.SOL").first
    expect(price).to_be_visible()
    expect(trial.arrived("symbols_subscribed")).to_have_count(1)
    subscribed = trial.arrived("symbols_subscribed")
    subscribed.click()
    shown = json.loads(subscribed.locator("..").locator("pre").inner_text())
    assert shown["symbols"] == ["SOL", "BTC"]
    trial.press("Disconnect")
    trial.expect_status("Not connected")
    assert [socket.url.partition("?")[0] for socket in watch.sockets] == [
        f"{scene.server.url.replace('http', 'ws')}/api/v69/ws/market-data"
    ]
    assert watch.errors == []


def test_with_a_token_a_user_chats(page: Page, scene: Scene, watch: Watch) -> None:
    trial = TryIt(page, scene.server.url, "contest")
    trial.token.fill(token_of("ann"))
    trial.choose("join_contest_room")
    trial.message.fill(json.dumps({"type": "join_contest_room", "contestId": CONTEST}))
    trial.press("Send")
    expect(trial.arrived("contest_room_joined")).to_have_count(1)
    trial.choose("send_chat_message")
    assert json.loads(trial.message.input_value())["type"] == "send_chat_message"
    trial.message.fill(json.dumps({"type": "send_chat_message", "contestId": CONTEST, "text": "<b>Hello</b>"}))
    trial.press("Send")
    expect(trial.arrived("<b>Hello</b>").first).to_be_visible()
    assert page.locator(".log b").count() == 0
    assert watch.errors == []


def test_without_a_token_the_public_part_is_shown_and_errors_are(page: Page, scene: Scene) -> None:
    trial = TryIt(page, scene.server.url, "contest")
    trial.press("Send")
    expect(trial.arrived("all_contests").first).to_be_visible()
    trial.message.fill(json.dumps({"type": "send_chat_message", "contestId": CONTEST, "text": "Hello"}))
    trial.press("Send")
    expect(trial.arrived("error UNAUTHORIZED").first).to_be_visible()


def test_the_token_stays_in_this_tab(page: Page, scene: Scene) -> None:
    trial = TryIt(page, scene.server.url, "contest")
    token = token_of("ann")
    trial.token.fill(f" {token} ")
    trial.token.blur()
    assert page.evaluate(TOKEN) == token
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    again = TryIt(page, scene.server.url, "notifications")
    expect(again.token).to_have_value(token)
    again.token.fill("")
    again.token.blur()
    assert page.evaluate(TOKEN) is None


def test_what_cannot_be_sent_is_said(page: Page, scene: Scene) -> None:
    trial = TryIt(page, scene.server.url, "contest")
    problem = trial.form.get_by_role("alert")
    trial.message.fill("{type:")
    trial.press("Send")
    expect(problem).to_contain_text("The message is not JSON")
    trial.token.fill("no token")
    trial.press("Connect")
    expect(problem).to_contain_text("A token has three parts")
    trial.token.fill("not.a.token")
    trial.press("Connect")
    expect(trial.log.first).to_have_text(re.compile("Closed with 4001"))
    trial.expect_status("Not connected")


def test_the_list_of_messages_is_bounded(page: Page, scene: Scene) -> None:
    trial = TryIt(page, scene.server.url, "market-data")
    trial.message.fill(json.dumps({"type": "ping"}))
    trial.press("Connect")
    trial.expect_status("Connected")
    page.evaluate("for (let count = 0; count < 55; count += 1) document.getElementById('try').requestSubmit()")
    expect(trial.arrived("pong").first).to_be_visible()
    page.evaluate("for (let count = 0; count < 200; count += 1) document.getElementById('try').requestSubmit()")
    expect(trial.log).to_have_count(MOST_SHOWN)
    trial.press("Clear")
    trial.press("Disconnect")
    expect(trial.log).to_have_count(0)
