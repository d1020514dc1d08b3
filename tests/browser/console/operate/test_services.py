"""Services: what an operator orders happens to the service, and the page tells it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, WebSocketRoute, expect

from duelcast.channels.names import Role
from tests.browser.console.conftest import opened
from tests.browser.console.operate.parts import fact, panel
from tests.browser.console.pages import Console
from tests.guides.scene import Scene, token_of

pytestmark = pytest.mark.browser

FRAGILE = {"failure_threshold": 1, "minimum_calls": 1, "reset_timeout_ms": 600_000}
"""The settings of a breaker that opens at the first failure, and does not close by itself soon."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Not the shared one, because a server whose services stop is not live."""
    with opened(tmp_path_factory.mktemp("scene") / "data") as scene:
        yield scene


def service(console: Console, name: str) -> Any:
    return console.scene.call("GET", f"/services/{name}")


def look_at(console: Console, name: str) -> Locator:
    """Open the details of a service; returns its actions."""
    console.go(f"operate/services/{name}", token_of("boss", Role.ADMIN))
    return panel(console).get_by_role("region", name="Actions")


def button(actions: Locator, name: str) -> Locator:
    return actions.get_by_role("button", name=name, exact=True)


def test_a_service_is_stopped_after_a_typed_confirmation_and_started_again(console: Console) -> None:
    needs_it = {"kind": "reported", "layer": "shop", "dependencies": ["notifier"]}
    console.scene.call("PUT", "/services/letters", needs_it)
    console.scene.call("POST", "/services/letters/operations", [{"ok": True, "durationMs": 5}])
    actions = look_at(console, "notifier")
    expect(button(actions, "Start")).to_have_count(0)
    button(actions, "Stop").click()
    expect(console.dialog).to_contain_text("It stops working until somebody starts it again.")
    expect(console.dialog.locator(".names")).to_have_text("letters")
    console.confirm("Stop", "Notifier")
    expect(actions.get_by_role("status")).to_have_text(re.compile("^Stop: (?!waiting)"))
    expect(fact(panel(console), "State")).to_have_text("Stopped")
    assert not service(console, "notifier")["isRunning"]

    expect(button(actions, "Stop")).to_have_count(0)
    button(actions, "Start").click()
    console.confirm("Start", "Notifier")
    expect(actions.get_by_role("status")).to_have_text(re.compile("^Start: (?!waiting)"))
    expect(fact(panel(console), "State")).to_have_text("Healthy")
    assert service(console, "notifier")["isRunning"]
    console.clean()


def test_a_confirmation_takes_the_name_of_the_service_alone(console: Console) -> None:
    actions = look_at(console, "scorer")
    button(actions, "Restart").click()
    restart = console.dialog.get_by_role("button", name="Restart", exact=True)
    for text in ("", "Score", "scorer", "Scorer "):
        console.dialog.get_by_role("textbox").fill(text)
        expect(restart).to_be_disabled()
    console.dialog.get_by_role("button", name="Cancel").click()
    expect(button(actions, "Restart")).to_be_focused()
    assert service(console, "scorer")["restarts"] == 0


def test_a_service_is_restarted(console: Console) -> None:
    actions = look_at(console, "contest_clock")
    button(actions, "Restart").click()
    console.confirm("Restart", "Contest clock")
    expect(actions.get_by_role("status")).to_have_text(re.compile("^Restart: (?!waiting)"))
    expect(fact(panel(console), "Restarts")).to_have_text("1")
    assert service(console, "contest_clock")["restarts"] == 1
    console.clean()


def test_a_command_is_shown_as_pending_until_the_server_has_told(console: Console) -> None:
    held: list[Callable[[], None]] = []

    def hold_answers(page: WebSocketRoute) -> None:
        def pass_on(text: str | bytes) -> None:
            if '"healthy":' in str(text):
                held.append(lambda: page.send(text))
            else:
                page.send(text)

        page.connect_to_server().on_message(pass_on)

    console.page.route_web_socket(re.compile("/ws/circuit-breaker"), hold_answers)
    actions = look_at(console, "store")
    button(actions, "Check health").click()
    expect(actions.get_by_role("status")).to_have_text("Check health: waiting for the server")
    expect(button(actions, "Check health")).to_be_disabled()
    console.watch.until(lambda: held != [])
    for release in held:
        release()
    expect(actions.get_by_role("status")).to_have_text(re.compile(r"^Check health: healthy, checked in [\d.]+ ms\.$"))
    expect(button(actions, "Check health")).to_be_enabled()


def test_a_closed_breaker_is_reset_without_a_typed_confirmation(console: Console) -> None:
    body = {"kind": "reported", "layer": "shop", "circuit_breaker": {"failure_threshold": 3}}
    console.scene.call("PUT", "/services/parcels", body)
    console.scene.call("POST", "/services/parcels/operations", [{"ok": False, "durationMs": 5}])
    actions = look_at(console, "parcels")
    expect(fact(panel(console), "Failures in a row")).to_have_text("1")
    button(actions, "Reset breaker").click()
    expect(console.dialog).to_contain_text("The breaker is closed, and stays so.")
    console.confirm("Reset breaker")
    expect(fact(panel(console), "Failures in a row")).to_have_text("0")
    console.clean()


def test_an_open_breaker_is_reset(console: Console) -> None:
    scene = console.scene
    scene.call("PUT", "/services/payments", {"kind": "reported", "layer": "shop", "circuit_breaker": FRAGILE})
    actions = look_at(console, "payments")
    expect(button(actions, "Reset breaker")).to_be_visible()
    failure = {"ok": False, "durationMs": 5, "error": "The bank is closed."}
    scene.call("POST", "/services/payments/operations", [failure])
    expect(fact(panel(console), "State")).to_have_text("Circuit open")
    expect(panel(console)).to_contain_text("The bank is closed.")
    button(actions, "Reset breaker").click()
    expect(console.dialog).to_contain_text("If the cause remains, it will open once more.")
    console.confirm("Reset breaker", "payments")
    expect(actions.get_by_role("status")).to_have_text(re.compile("^Reset breaker: (?!waiting)"))
    expect(fact(panel(console), "State")).not_to_have_text("Circuit open")
    assert service(console, "payments")["status"] != "circuit_open"
    console.clean()


def test_a_service_that_is_deleted_takes_its_questions_along(console: Console) -> None:
    scene = console.scene
    scene.call("PUT", "/services/shortlived", {"kind": "reported", "layer": "shop", "circuit_breaker": FRAGILE})
    actions = look_at(console, "shortlived")
    button(actions, "Reset breaker").click()
    expect(console.dialog).to_be_visible()
    scene.call("DELETE", "/services/shortlived")
    expect(panel(console)).to_contain_text("There is no service shortlived.")
    expect(console.dialog).to_have_count(0)
    console.clean()
