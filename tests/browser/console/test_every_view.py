"""What holds for all views: they can be used by everybody, at every width, and speak to their own server alone."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import expect

from duelcast.channels.names import Role
from tests.browser.axe import violations
from tests.browser.console.pages import Console
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser

Look = tuple[Literal["light", "dark"], int]
ALL_LOOKS: tuple[Look, ...] = (("light", 1280), ("light", 360), ("dark", 1280), ("dark", 360))
SETTING = "every.view"
WALLET = "every-viewer"
VIEWS = (
    "",
    "contests",
    *(f"contests/{CONTEST}{part}" for part in ("", "/room", "/trade", "/participants", "/settlement", "/rules")),
    "contests/1/trade",
    "inbox",
    "symbols/SOL",
    "nowhere",
)
OPERATORS = (
    "operate",
    "operate/services",
    "operate/services/feed_simulated",
    "operate/settings",
    f"operate/settings/{SETTING}",
    "operate/settings/maintenance_mode",
    "operate/users",
    f"operate/users/{WALLET}",
    "operate/contests",
    "operate/contests/new",
    f"operate/contests/{CONTEST}",
    "operate/contests/1",
    "operate/announcements",
    "operate/errors",
    "operate/audit",
    "operate/analytics",
    f"contests/{CONTEST}/room",
)
DIALOGS = (
    ("operate/services/scorer", "Stop"),
    ("operate/services/store", "Reset breaker"),
    (f"operate/settings/{SETTING}", "Delete the stored value"),
    (f"operate/users/{WALLET}", "Ban"),
    (f"operate/contests/{CONTEST}", "End now"),
    (f"operate/contests/{CONTEST}", "Disqualify"),
    ("operate/contests/1", "Start now"),
    ("operate/contests/1", "Cancel the contest"),
    (f"operate/audit?target={SETTING}", "settings.put"),
    (f"contests/{CONTEST}/room", "Mute bob"),
    (f"contests/{CONTEST}/room", "Delete this message from bob"),
    (f"contests/{CONTEST}/participants", "bob"),
)
"""Views, and the button in them that opens a dialog."""


@pytest.fixture(scope="module")
def filled_scene(shared_scene: Scene) -> Scene:
    """The shared scene with something in those lists that were empty."""
    shared_scene.call("PUT", f"/settings/{SETTING}", {"value": {"a": [1, 2]}, "description": "For this test."})
    shared_scene.call("PUT", f"/users/{WALLET}", {"nickname": "Viewer"})
    shared_scene.call(
        "POST", "/errors", {"service": "viewer", "level": "error", "error": "It broke.", "details": {"a": 1}}
    )
    return shared_scene


@pytest.fixture
def scene(filled_scene: Scene) -> Scene:
    return filled_scene


def look(console: Console, *looks: Look) -> None:
    """Judge the page as it is, by default in light and dark, each wide and narrow."""
    page = console.page
    expect(page.locator(".loading")).to_have_count(0)
    for scheme, width in looks or ALL_LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert violations(page) == [], f"{scheme}, {width} px"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    console.clean()


def look_at_dialog(console: Console) -> None:
    """Judge the page with an open dialog. What is behind it has been judged."""
    expect(console.dialog).to_be_visible()
    look(console, ("light", 1280), ("dark", 360))


def operate(console: Console, path: str) -> None:
    """Open a view as a superadmin, to whom all controls are shown."""
    console.open(path, token_of("root", Role.SUPERADMIN))


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_can_be_used_by_everybody(console: Console, path: str) -> None:
    console.open(path, token_of("ann"))
    look(console)


@pytest.mark.parametrize("path", OPERATORS)
def test_a_view_for_operators_can_be_used_by_everybody(console: Console, path: str) -> None:
    operate(console, path)
    for details in console.page.locator("main details").all():
        details.evaluate("element => element.open = true")
    look(console)


@pytest.mark.parametrize(("path", "button"), DIALOGS)
def test_a_dialog_can_be_used_by_everybody(console: Console, path: str, button: str) -> None:
    operate(console, path)
    console.page.get_by_role("main").get_by_role("button", name=button, exact=True).first.click()
    look_at_dialog(console)


def test_the_dialog_of_a_new_role_can_be_used_by_everybody(console: Console) -> None:
    page = console.page
    operate(console, f"operate/users/{WALLET}")
    page.get_by_role("complementary").get_by_label("Role").select_option("admin")
    page.get_by_role("button", name="Change the role").click()
    look_at_dialog(console)


def test_the_preview_of_an_announcement_can_be_used_by_everybody(console: Console) -> None:
    page = console.page
    operate(console, "operate/announcements")
    page.get_by_role("textbox", name="Title").fill("New symbols")
    page.get_by_role("textbox", name="Text").fill("From today on.")
    page.get_by_label("Priority").select_option("urgent")
    look(console)
    page.get_by_role("button", name="Send to everybody").click()
    look_at_dialog(console)


def test_the_conflict_of_two_values_can_be_judged_by_everybody(console: Console) -> None:
    page = console.page
    console.scene.call("PUT", "/settings/every.conflict", {"value": "before"})
    operate(console, "operate/settings/every.conflict")
    page.get_by_role("textbox", name="Value", exact=True).fill("mine")
    console.scene.call("PUT", "/settings/every.conflict", {"value": "theirs"})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("complementary").get_by_role("alert")).to_be_visible()
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    console.fits()


@pytest.mark.parametrize("key", ["?", "Sign in"])
def test_the_dialogs_of_every_view_can_be_used_by_everybody(console: Console, key: str) -> None:
    console.open()
    if key == "?":
        console.page.keyboard.press(key)
    else:
        console.page.get_by_role("button", name=key).click()
    look_at_dialog(console)
