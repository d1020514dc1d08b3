"""The market: prices of all symbols."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.console.conftest import opened
from tests.browser.console.pages import Console
from tests.guides.scene import Scene

pytestmark = pytest.mark.browser

MOST_ROWS = 40
SYMBOLS = 300
RECORD_ROWS = """
() => {
  window.changed = new Set();
  const observer = new MutationObserver((changes) => {
    for (const { target } of changes) {
      const element = target instanceof Element ? target : target.parentElement;
      const row = element.closest("tr[data-symbol]");
      if (row && !element.closest("time, svg")) window.changed.add(row.dataset.symbol);
    }
  });
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  observer.observe(document.querySelector("tbody"), all);
}
"""
"""Records the symbols of the rows in which something but the age and the trend changes."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened(tmp_path_factory.mktemp("scene") / "data") as scene:
        yield scene


def test_prices_move_and_can_be_found_sorted_and_pinned(console: Console) -> None:
    page = console.page
    console.open()
    names = page.locator("tr[data-symbol] th a")
    expect(names.first).to_be_visible()
    assert names.all_inner_texts() == sorted(names.all_inner_texts())
    page.get_by_role("button", name="Symbol").click()
    expect(names.first).to_have_text(re.compile("^[T-Z]"))

    page.keyboard.press("/")
    page.keyboard.type("so")
    expect(names).to_have_text(["SOL"])
    quote = console.row("SOL").locator(".quote")
    expect(quote).not_to_have_text(quote.inner_text())
    console.row("SOL").get_by_role("button", name="Pin SOL").click()
    search = page.get_by_role("searchbox")
    search.fill("nothing")
    expect(page.locator(".empty")).to_have_text("No symbol matches “nothing”.")
    search.fill("")
    expect(names.first).to_have_text("SOL")
    page.reload()
    expect(names.first).to_have_text("SOL")
    console.clean()


def test_only_visible_rows_are_mounted_and_only_changed_ones_are_rendered(console: Console) -> None:
    page = console.page
    many = [{"symbol": f"T{number:03}", "price": 100 + number} for number in range(SYMBOLS)]
    console.scene.call("POST", "/tokens/prices", many)
    console.open()
    search = page.get_by_role("searchbox")
    search.fill("T")
    expect(console.row("T000")).to_be_visible()
    assert page.locator("tr[data-symbol]").count() <= MOST_ROWS
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(console.row(f"T{SYMBOLS - 1:03}")).to_be_visible()
    assert page.locator("tr[data-symbol]").count() <= MOST_ROWS

    page.evaluate("scrollTo(0, 0)")
    search.fill("T00")
    expect(page.locator("tr[data-symbol]")).to_have_count(10)
    page.evaluate(RECORD_ROWS)
    console.scene.call("POST", "/tokens/prices", [{"symbol": "T003", "price": 55}])
    expect(console.row("T003").locator(".quote")).to_have_text("55.000")
    assert page.evaluate("[...window.changed]") == ["T003"]
    console.clean()


def test_the_keyboard_leads_everywhere(console: Console) -> None:
    page = console.page
    console.open()
    page.keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts).to_be_visible()
    page.keyboard.press("Escape")
    expect(shortcuts).to_have_count(0)
    for key, path in (("c", "contests"), ("i", "inbox"), ("m", "")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(rf"/console/{path}$"))
    console.clean()


def test_a_view_begins_at_its_top_and_going_back_returns_to_the_place(console: Console) -> None:
    page = console.page
    console.open()
    last = page.locator("tr[data-symbol] th a").last
    expect(last).to_be_visible()
    page.evaluate("scrollTo(0, 600)")
    page.locator("tr[data-symbol] th a").last.click()
    expect(page).to_have_url(re.compile("/symbols/"))
    assert page.evaluate("scrollY") == 0
    expect(page.locator("main")).to_be_focused()
    page.go_back()
    expect(last).to_be_visible()
    assert page.evaluate("scrollY") > 0
    console.clean()
