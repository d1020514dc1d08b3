"""What can be done without a mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from duelcast.channels.names import Role
from tests.browser.console.keyboard import Keyboard
from tests.browser.console.operate.parts import fact
from tests.browser.console.pages import Console
from tests.guides.scene import Scene, token_of

pytestmark = pytest.mark.browser


@pytest.fixture
def scene(shared_scene: Scene) -> Scene:
    return shared_scene


@pytest.fixture
def keyboard(console: Console) -> Keyboard:
    return Keyboard(console.page)


def cup(scene: Scene, name: str) -> int:
    """Create a contest that is pending; returns its id."""
    times = {"start_time": "2099-01-01T00:00:00Z", "end_time": "2099-01-02T00:00:00Z"}
    return int(scene.call("POST", "/contests", {"name": name, **times})["id"])


def test_the_keyboard_enters_a_contest_changes_the_portfolio_and_chats(console: Console, keyboard: Keyboard) -> None:
    page, main = console.page, console.page.get_by_role("main")
    cup(console.scene, "Keyboard Cup")
    console.open(token=token_of("typist"))
    keyboard.jump("g", "c")
    keyboard.press(main.get_by_role("link", name="Keyboard Cup"))
    keyboard.press(main.get_by_role("link", name="Enter", exact=True))

    keyboard.go_to(page.get_by_role("combobox", name="Add a symbol"))
    for symbol in ("SOL", "BTC"):
        page.keyboard.type(symbol)
        expect(page.get_by_role("option", name=re.compile(f"^{symbol}"))).to_be_visible()
        page.keyboard.press("Enter")
    weight = page.get_by_label("Weight of SOL in per cent")
    keyboard.type(weight, "101")
    expect(weight).to_have_attribute("aria-invalid", "true")
    keyboard.type(weight, "70")
    keyboard.press(page.get_by_role("button", name="Fill up"))
    expect(page.get_by_label("Weight of BTC in per cent")).to_have_value("30")
    keyboard.press(page.get_by_role("button", name="Enter the contest"))
    keyboard.press(console.dialog.get_by_role("button", name="Enter the contest"))
    expect(page.get_by_text("You take part in this contest.")).to_be_visible()

    keyboard.type(weight, "60")
    keyboard.press(page.get_by_role("button", name="Change the portfolio"))
    expect(page.get_by_text("The weights must add up to 100; these add up to 90.")).to_be_visible()
    keyboard.press(page.get_by_role("button", name="Fill up"))
    keyboard.press(page.get_by_role("button", name="Change the portfolio"))
    keyboard.press(console.dialog.get_by_role("button", name="Change the portfolio"))
    expect(page.get_by_text("Your portfolio is changed.")).to_be_visible()

    keyboard.press(main.get_by_role("link", name="Room"))
    keyboard.type(page.get_by_label("Message", exact=True), "Typed")
    page.keyboard.press("Enter")
    expect(console.message("Typed").locator("time")).to_be_visible()
    console.clean()


def test_the_keyboard_mutes_somebody(console: Console, keyboard: Keyboard) -> None:
    page, scene = console.page, console.scene
    contest = cup(scene, "Quiet Cup")
    scene.say("loud", "Listen to me!", contest)
    console.open(f"contests/{contest}/room", token_of("boss", Role.ADMIN))
    keyboard.press(console.message("Listen to me!").get_by_role("button", name="Mute loud"))
    keyboard.go_to(console.dialog.get_by_label("For how long"))
    page.keyboard.type("1 hour")
    keyboard.press(console.dialog.get_by_role("button", name="Mute", exact=True))
    unmute = console.message("Listen to me!").get_by_role("button", name="Unmute loud")
    expect(unmute).to_be_attached()
    (muted,) = scene.call("GET", f"/contests/{contest}/mutes")["data"]
    assert (muted["wallet"], muted["until"] is not None) == ("loud", True)
    console.clean()


@pytest.fixture
def fragile(scene: Scene) -> Iterator[str]:
    """A service whose breaker opens at the first failure, and does not close by itself soon."""
    breaker = {"failure_threshold": 1, "minimum_calls": 1, "reset_timeout_ms": 600_000}
    scene.call("PUT", "/services/parcels", {"kind": "reported", "layer": "shop", "circuit_breaker": breaker})
    yield "parcels"
    scene.call("DELETE", "/services/parcels")


def test_the_keyboard_resets_a_breaker(console: Console, keyboard: Keyboard, fragile: str) -> None:
    page, scene = console.page, console.scene
    failure = {"ok": False, "durationMs": 5, "error": "The van is lost."}
    scene.call("POST", f"/services/{fragile}/operations", [failure])
    console.go("operate/services", token_of("boss", Role.ADMIN))
    keyboard.press(page.get_by_role("main").get_by_role("link", name=fragile, exact=True))
    panel = page.get_by_role("complementary")
    expect(fact(panel, "State")).to_have_text("Circuit open")
    keyboard.press(panel.get_by_role("button", name="Reset breaker"))
    keyboard.type(console.dialog.get_by_label(f"Type “{fragile}” to confirm"), fragile)
    keyboard.press(console.dialog.get_by_role("button", name="Reset breaker"))
    expect(panel.get_by_role("status")).to_have_text(re.compile("^Reset breaker: (?!waiting)"))
    expect(fact(panel, "State")).not_to_have_text("Circuit open")
    console.clean()


def test_the_keyboard_changes_a_setting(console: Console, keyboard: Keyboard) -> None:
    page, scene = console.page, console.scene
    scene.call("PUT", "/settings/keyboard.layout", {"value": "qwerty"})
    console.operate("settings")
    keyboard.jump("/")
    page.keyboard.type("keyboard")
    keyboard.press(page.get_by_role("main").get_by_role("link", name="keyboard.layout"))
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("heading", level=2)).to_be_focused()
    keyboard.type(panel.get_by_role("textbox", name="Value", exact=True), "dvorak")
    keyboard.press(panel.get_by_role("button", name="Save"))
    expect(panel.get_by_text("Saved.")).to_be_visible()
    assert scene.call("GET", "/settings/keyboard.layout")["value"] == "dvorak"
    keyboard.press(panel.get_by_role("link", name="Close the details"))
    expect(page.get_by_role("main").get_by_role("link", name="keyboard.layout")).to_be_focused()
    console.clean()
