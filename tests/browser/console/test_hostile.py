"""Hostile texts in all views: they do nothing, and break no layout."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console.conftest import opened
from tests.browser.console.hostile import SERVICE, SETTING, SYMBOL, WALLET, HostileScene
from tests.browser.console.pages import Console
from tests.guides.scene import Scene

pytestmark = pytest.mark.browser

TRADERS = (
    "contests",
    "contests/{active}",
    "contests/{active}/room",
    "contests/{active}/participants",
    "contests/{active}/settlement",
    "contests/{active}/trade",
    "contests/{active}/rules",
    "contests/{pending}/trade",
    "inbox",
    f"symbols/{SYMBOL}",
)
OPERATORS = (
    "contests/{active}/room",
    "operate",
    "operate/services",
    f"operate/services/{SERVICE}",
    "operate/settings",
    f"operate/settings/{SETTING}",
    "operate/users",
    f"operate/users/{WALLET}",
    "operate/contests",
    "operate/contests/{active}",
    "operate/contests?status=cancelled",
    "operate/errors",
)
BIDI_NEIGHBOURS = r"""
() => {
  const main = document.querySelector("main");
  const texts = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!/[\u0590-\u06ff\u202a-\u202e\u2066-\u2069]/.test(text.data)) continue;
    let box = text.parentElement;
    const isOpen = ({ display, unicodeBidi }) => display === "inline" && !/isolate|plaintext/.test(unicodeBidi);
    while (isOpen(getComputedStyle(box))) box = box.parentElement;
    if (box.textContent.trim() !== text.data.trim()) found.push(box.outerHTML.slice(0, 300));
  }
  return found;
}
"""
"""Finds texts whose direction changes what stands beside them, because neither is set apart."""
UNSAFE_LINKS = "[...document.links].map(({ href }) => href).filter((href) => !/^https?:/.test(href))"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened(tmp_path_factory.mktemp("scene") / "data") as scene:
        yield scene


@pytest.fixture(scope="module")
def hostile(scene: Scene) -> HostileScene:
    return HostileScene(scene)


def is_harmless(console: Console) -> None:
    """The view shows the texts, as texts, where they belong."""
    page, main = console.page, console.page.get_by_role("main")
    expect(page.locator(".loading")).to_have_count(0)
    expect(main).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("img[src=x], main script")).to_have_count(0)
    expect(page.locator("main b").filter(has_text=re.compile("^bold$"))).to_have_count(0)
    assert page.evaluate(UNSAFE_LINKS) == []
    assert page.evaluate(BIDI_NEIGHBOURS) == []
    console.fits()
    console.clean()


@pytest.fixture
def page(page: Page) -> Page:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    return page


@pytest.mark.parametrize("path", TRADERS)
def test_a_view_is_not_harmed(console: Console, hostile: HostileScene, path: str) -> None:
    console.go(path.format(active=hostile.active, pending=hostile.pending), hostile.reader)
    is_harmless(console)


@pytest.mark.parametrize("path", OPERATORS)
def test_a_view_for_operators_is_not_harmed(console: Console, hostile: HostileScene, path: str) -> None:
    console.go(path.format(active=hostile.active), hostile.operator)
    is_harmless(console)


def test_the_list_of_active_users_is_not_harmed(console: Console, hostile: HostileScene) -> None:
    console.tab().go("", hostile.reader)
    console.go("operate/analytics", hostile.operator)
    is_harmless(console)


def test_the_details_of_errors_are_not_harmed(console: Console, hostile: HostileScene) -> None:
    console.go("operate/errors", hostile.operator)
    for group in console.page.locator(".groups summary").all():
        group.click()
    is_harmless(console)


def test_the_details_of_an_entry_of_the_audit_trail_are_not_harmed(console: Console, hostile: HostileScene) -> None:
    console.go(f"operate/audit?target={SETTING}", hostile.operator)
    console.page.get_by_role("button", name="settings.put").click()
    expect(console.dialog).to_contain_text("<img src=x onerror=alert(1)>")
    console.fits()
    console.clean()


def test_the_preview_of_an_announcement_is_not_harmed(console: Console, hostile: HostileScene) -> None:
    page = console.page
    console.go("operate/announcements", hostile.operator)
    page.get_by_role("textbox", name="Title").fill("<img src=x onerror=alert(1)>" + "W" * 150)
    page.get_by_role("textbox", name="Text").fill("<script>alert(1)</script>" + "W" * 3_900)
    page.get_by_label("Link").fill("javascript:alert(1)")
    is_harmless(console)
    expect(page.get_by_role("main").locator(".notification a")).to_have_count(0)
    page.get_by_role("button", name="Send to everybody").click()
    expect(console.dialog).to_be_visible()
    console.fits()
