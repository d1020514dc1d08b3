"""What holds for all views: they can be used by everybody, at every width, and speak to their own server alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from duelcast.channels.names import Role
from tests.browser.console.axe import violations
from tests.browser.console.pages import Console
from tests.guides.scene import CONTEST, token_of

pytestmark = pytest.mark.browser

VIEWS = (
    "",
    "contests",
    *(f"contests/{CONTEST}{part}" for part in ("", "/room", "/trade", "/participants", "/settlement", "/rules")),
    "contests/1/trade",
    "inbox",
    "symbols/SOL",
    "nowhere",
)
OPERATORS = ("operate", "operate/services", "operate/settings", "operate/users")
WIDTHS = (1280, 360)


def look(console: Console, path: str, token: str) -> None:
    """Open a view, and judge it in light and dark, wide and narrow."""
    page = console.page
    console.open(path, token)
    expect(page.locator(".loading")).to_have_count(0)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found = violations(page)
            assert found == [], f"{scheme}, {width} px"
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    console.clean()


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_can_be_used_by_everybody(console: Console, path: str) -> None:
    look(console, path, token_of("ann"))


@pytest.mark.parametrize("path", OPERATORS)
def test_a_view_for_operators_can_be_used_by_everybody(console: Console, path: str) -> None:
    look(console, path, token_of("boss", Role.ADMIN))
