"""Pictures of every view in its states, for people to look at: live, without data, while the server is away, and of
things that do not exist. They are kept in `reports/console`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from duelcast.channels.names import Role
from tests.browser.console.pages import Console
from tests.browser.server_process import ServerProcess
from tests.guides.scene import CONTEST, SETTINGS, token_of

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).resolve().parents[3] / "reports" / "console"
TRADERS = {
    "market": "",
    "symbol": "symbols/SOL",
    "contests": "contests",
    "contest": f"contests/{CONTEST}",
    "room": f"contests/{CONTEST}/room",
    "trade": f"contests/{CONTEST}/trade",
    "rules": f"contests/{CONTEST}/rules",
    "inbox": "inbox",
}
OPERATORS = {
    "overview": "operate",
    "services": "operate/services",
    "settings": "operate/settings",
    "users": "operate/users",
    "manage-contests": "operate/contests",
    "announcements": "operate/announcements",
    "errors": "operate/errors",
    "audit": "operate/audit",
    "analytics": "operate/analytics",
}
VIEWS = {**dict.fromkeys(TRADERS, Role.USER), **dict.fromkeys(OPERATORS, Role.ADMIN)}
PATHS = TRADERS | OPERATORS
MISSING = {"symbol": "symbols/NONE", "contest": "contests/999", "page": "nowhere"}
"""Views of things that do not exist."""
SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 390, "height": 800}}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


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


@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
def test_views_live_and_while_the_server_is_away(console: Console, role: Role) -> None:
    page = console.page
    console.open(token=signed_in(role))
    names = [name for name, needed in VIEWS.items() if needed is role]
    for name in names:
        console.open(PATHS[name])
        settled(page)
        picture(page, f"{name}-live")
    console.open(PATHS[names[-1]])
    settled(page)
    console.scene.server.kill()
    expect(console.pill).to_have_attribute("data-tone", "bad")
    for link in page.locator(".bar nav a[href*='/console/']").all():
        link.click()
        expect(page.locator("h1").first).to_be_visible()
        picture(page, f"{link.inner_text().split()[0].lower()}-away-{role.name.lower()}")


@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
def test_views_without_data(page: Page, tmp_path: Path, role: Role) -> None:
    server = ServerProcess(tmp_path / "data", {**SETTINGS, "DUELCAST_FEED": "none"})
    server.start()
    try:
        page.goto(f"{server.url}/console/#token={signed_in(role)}")
        for name, needed in VIEWS.items():
            if needed is role and str(CONTEST) not in PATHS[name]:
                page.goto(f"{server.url}/console/{PATHS[name]}")
                settled(page)
                picture(page, f"{name}-empty")
    finally:
        server.stop()


def test_views_of_things_that_do_not_exist(console: Console) -> None:
    for name, path in MISSING.items():
        console.open(path)
        settled(console.page)
        picture(console.page, f"{name}-missing")
