"""Pictures of every view in its states, for people to look at: live, without data, while the server is away, when it
refuses or fails, and of things that do not exist. They are kept in `reports/console`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from duelcast.channels.names import Role
from tests.browser.console.pages import Console
from tests.browser.watching import Watch
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).resolve().parents[3] / "reports" / "console"
TRADERS = {
    "market": "",
    "symbol": "symbols/SOL",
    "contests": "contests",
    "contest": f"contests/{CONTEST}",
    "room": f"contests/{CONTEST}/room",
    "trade": f"contests/{CONTEST}/trade",
    "participants": f"contests/{CONTEST}/participants",
    "settlement": f"contests/{CONTEST}/settlement",
    "rules": f"contests/{CONTEST}/rules",
    "inbox": "inbox",
}
OPERATORS = {
    "overview": "operate",
    "services": "operate/services",
    "service": "operate/services/feed_simulated",
    "settings": "operate/settings",
    "setting": "operate/settings/chat.max_characters",
    "users": "operate/users",
    "user": "operate/users/ann",
    "manage-contests": "operate/contests",
    "manage-contest": f"operate/contests/{CONTEST}",
    "create-contest": "operate/contests/new",
    "announcements": "operate/announcements",
    "errors": "operate/errors",
    "audit": "operate/audit",
    "analytics": "operate/analytics",
}
VIEWS = {Role.USER: TRADERS, Role.ADMIN: OPERATORS}
READING = (
    "symbol",
    "contests",
    "participants",
    "settlement",
    "overview",
    "settings",
    "users",
    "user",
    "manage-contest",
    "audit",
)
"""Views that read something over HTTP, which may fail."""
MISSING = {"symbol": "symbols/NONE", "contest": "contests/999", "page": "nowhere"}
"""Views of things that do not exist."""
SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 800}}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FAILURE = {"type": "about:blank", "status": 503, "code": "UNAVAILABLE", "detail": "The store cannot be reached."}


def picture(page: Page, name: str) -> None:
    """Keep pictures of the page, wide and narrow, light and dark."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a dict of the type that it takes
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=FOLDER / f"{name}-{size}-{scheme}.png")


def settled(page: Page) -> None:
    """Wait until the view has a heading, and nothing is loading."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)


def signed_in(role: Role) -> str:
    return token_of("ann" if role is Role.USER else "boss", role)


def test_views_live_and_while_the_server_is_away(console: Console) -> None:
    tabs = {role: console.tab() for role in VIEWS}
    for role, tab in tabs.items():
        tab.open(token=signed_in(role))
        for name, path in VIEWS[role].items():
            tab.turn_to(path)
            settled(tab.page)
            picture(tab.page, f"{name}-live")
    console.scene.server.kill()
    for role, tab in tabs.items():
        expect(tab.pill).to_have_attribute("data-tone", "bad")
        for name, path in VIEWS[role].items():
            tab.turn_to(path)
            picture(tab.page, f"{name}-away")


def test_views_without_data(page: Page, watch: Watch, tmp_path: Path) -> None:
    scene = Scene(tmp_path / "data", {"DUELCAST_FEED": "none"})
    try:
        scene.server.start()
        console = Console(page, watch, scene)
        for role, views in VIEWS.items():
            console.open(token=signed_in(role))
            for name, path in views.items():
                if str(CONTEST) not in path:
                    console.turn_to(path)
                    settled(page)
                    picture(page, f"{name}-empty")
    finally:
        scene.close()


class TestOnTheSharedScene:
    """States that need no server of their own."""

    @pytest.fixture
    def scene(self, shared_scene: Scene) -> Scene:
        return shared_scene

    @pytest.mark.parametrize("role", VIEWS)
    def test_views_whose_reading_fails(self, console: Console, role: Role) -> None:
        page = console.page
        failure = json.dumps(FAILURE)
        page.route("**/api/v69/**", lambda route: route.fulfill(status=503, body=failure))
        console.open(token=signed_in(role))
        for name, path in VIEWS[role].items():
            if name in READING:
                console.open(path)
                expect(page.get_by_role("alert").first).to_contain_text("UNAVAILABLE")
                picture(page, f"{name}-error")

    def test_views_for_operators_that_are_refused(self, console: Console) -> None:
        console.open("operate/settings")
        expect(console.page.get_by_text("Sign in to see this.")).to_be_visible()
        picture(console.page, "operate-signed-out")
        console.open("operate/settings", signed_in(Role.USER))
        expect(console.page.get_by_text("The server does not show this to you.")).to_be_visible()
        picture(console.page, "operate-refused")

    def test_a_token_that_is_no_longer_valid(self, console: Console) -> None:
        console.go(token="not.a.token")
        expect(console.dialog).to_contain_text("the access token is no longer valid")
        picture(console.page, "sign-in-again")

    def test_views_of_things_that_do_not_exist(self, console: Console) -> None:
        for name, path in MISSING.items():
            console.open(path)
            settled(console.page)
            picture(console.page, f"{name}-missing")
