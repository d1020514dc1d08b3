"""A server that starts again without its database, under pages that show what was in it: the new lists take the place
of the old ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, ViewportSize, expect

from duelcast.channels.names import Role
from tests.browser.console.conftest import opened
from tests.browser.console.pages import Console
from tests.browser.watching import Watch
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser

VIEWS = {
    "market": "",
    "contests": "contests",
    "leaderboard": f"contests/{CONTEST}",
    "room": f"contests/{CONTEST}/room",
    "participants": f"contests/{CONTEST}/participants",
    "trade": f"contests/{CONTEST}/trade",
    "inbox": "inbox",
}
OPERATORS = {
    "errors": "operate/errors",
    "audit": "operate/audit",
    "users": "operate/users",
    "settings": "operate/settings",
    "managed contests": "operate/contests",
}
TIMES = {"start_time": "2099-01-01T00:00:00Z", "end_time": "2099-01-02T00:00:00Z"}
GONE = "Failed to load resource: the server responded with a status of 404 (Not Found)"
"""A view may ask for an entry once more before its contest announces that Ann takes no part any more."""
WHOLE_MARKET: ViewportSize = {"width": 1280, "height": 3000}
"""A screen on which all rows of the market are mounted."""
Tabs = dict[str, Console]


def write(scene: Scene, era: str, wallet: str) -> None:
    """Store a row in each list. `era` and `wallet` are in all of them."""
    scene.call("POST", "/tokens/prices", [{"symbol": era.upper(), "price": 5}])
    scene.call("POST", "/errors", {"service": "shop", "level": "error", "error": f"The {era} disk is full."})
    scene.call("PUT", f"/settings/{era}.greeting", {"value": "Hello"})
    scene.call("PUT", f"/users/{wallet}", {"nickname": wallet.capitalize()})
    finished = scene.call("POST", "/contests", {"name": f"{era.capitalize()} Cup", **TIMES})["id"]
    enter(scene, finished, wallet)
    scene.call("POST", f"/contests/{finished}/start", {})
    scene.call("POST", f"/contests/{finished}/end", {})


def enter(scene: Scene, contest: int, wallet: str) -> None:
    portfolio = {"portfolio": [{"symbol": "SOL", "weight": 100}]}
    scene.call("POST", f"/contests/{contest}/entries", portfolio, token_of(wallet))


def begin_anew(scene: Scene) -> None:
    """Start the server on a new database, which has other rows than the scene: contests with the same ids, in which Ann
    takes no part."""
    scene.server.start()
    for name in ("Sunday Cup", "Monday Cup"):
        scene.call("POST", "/contests", {"name": name, **TIMES})
    enter(scene, CONTEST, "cat")
    scene.call("POST", f"/contests/{CONTEST}/start", {})
    scene.say("cat", "Is anybody here?")
    note: dict[str, Any] = {"wallets": ["ann"], "type": "NEWS", "title": "New news", "content": "We begin anew."}
    scene.call("POST", "/notifications", note)
    write(scene, "new", "cat")


@pytest.fixture(scope="module")
def tabs(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tabs]:
    """Pages by view, once they are live again."""
    data_dir = tmp_path_factory.mktemp("scene") / "data"
    with opened(data_dir) as scene:
        write(scene, "old", "ann")
        context = browser.new_context(viewport=WHOLE_MARKET)
        tabs: Tabs = {}
        for name, path in {**VIEWS, **OPERATORS}.items():
            page = context.new_page()
            tabs[name] = Console(page, Watch(page), scene)
            tabs[name].open(path, token_of("ann") if name in VIEWS else token_of("boss", Role.ADMIN))
            page.evaluate("window.isTheSame = true")
        shows_the_old_rows(tabs)
        scene.server.kill()
        for tab in tabs.values():
            expect(tab.pill).to_have_attribute("data-tone", "bad")
        scene.server.lose_data()
        # At another address, so that all rows are there before a page looks: some lists are read once.
        elsewhere = Scene(data_dir)
        try:
            begin_anew(elsewhere)
        finally:
            elsewhere.close()
        scene.server.start()
        for tab in tabs.values():
            tab.live()
        yield tabs
        context.close()


def shows_the_old_rows(tabs: Tabs) -> None:
    """The premise: without it, a page that has no old rows afterwards would prove nothing."""
    expect(tabs["market"].row("OLD")).to_have_count(1)
    for name in ("Saturday Cup", "Friday Cup", "Old Cup"):
        expect(link(tabs["contests"], name)).to_have_count(1)
    expect(live(tabs)).to_contain_text("Your rank")
    expect(board(tabs)).to_have_count(2)
    expect(tabs["room"].message("Good luck!")).to_have_count(1)
    expect(tabs["participants"].page.locator("main")).to_contain_text("bob")
    expect(tabs["trade"].page.get_by_label("Weight of SOL in per cent")).to_be_visible()
    expect(titles(tabs)).to_contain_text(["Join the cup"])
    expect(tabs["errors"].page.locator(".groups")).to_contain_text("The old disk is full.")
    expect(link(tabs["users"], "Ann")).to_have_count(1)
    expect(link(tabs["settings"], "old.greeting")).to_have_count(1)
    expect(link(tabs["managed contests"], "Old Cup")).to_have_count(1)
    expect(tabs["audit"].page.locator("main")).to_contain_text("contests.create")


def link(tab: Console, name: str) -> Locator:
    return tab.page.get_by_role("main").get_by_role("link", name=name, exact=True)


def live(tabs: Tabs) -> Locator:
    return tabs["contests"].page.get_by_role("region", name="Live")


def board(tabs: Tabs) -> Locator:
    return tabs["leaderboard"].page.locator(".board tbody tr")


def titles(tabs: Tabs) -> Locator:
    return tabs["inbox"].page.locator(".notification h3")


def test_no_page_was_loaded_anew(tabs: Tabs) -> None:
    for tab in tabs.values():
        assert tab.page.evaluate("window.isTheSame")
        tab.watch.errors = [error for error in tab.watch.errors if error != GONE]
        tab.clean()


def test_the_market_has_the_new_symbols_alone(tabs: Tabs) -> None:
    expect(tabs["market"].row("NEW")).to_have_count(1)
    expect(tabs["market"].row("OLD")).to_have_count(0)
    expect(tabs["market"].row("SOL")).to_have_count(1)


def test_the_contests_are_the_new_ones_alone(tabs: Tabs) -> None:
    contests = tabs["contests"]
    for name in ("Sunday Cup", "Monday Cup", "New Cup"):
        expect(link(contests, name)).to_have_count(1)
    for name in ("Saturday Cup", "Friday Cup", "Old Cup"):
        expect(link(contests, name)).to_have_count(0)


def test_a_user_has_no_rank_in_contests_that_they_have_not_entered(tabs: Tabs) -> None:
    expect(link(tabs["contests"], "Monday Cup")).to_have_count(1)
    expect(live(tabs)).not_to_contain_text("Your rank")
    finished = tabs["contests"].page.get_by_role("region", name="Finished")
    finished.get_by_role("button", name="Mine").click()
    expect(finished.get_by_role("link", name=re.compile("Cup"))).to_have_count(0)


def test_the_leaderboard_has_the_new_participants_alone(tabs: Tabs) -> None:
    expect(tabs["leaderboard"].page.get_by_role("heading", level=1)).to_have_text("Monday Cup")
    expect(board(tabs)).to_have_count(1)
    expect(board(tabs)).to_contain_text("Cat")


def test_the_room_has_the_new_messages_alone(tabs: Tabs) -> None:
    expect(tabs["room"].page.locator(".message > p:last-child")).to_have_text(["Is anybody here?"])


def test_the_participants_are_the_new_ones_alone(tabs: Tabs) -> None:
    participants = tabs["participants"].page.locator("main")
    expect(participants).to_contain_text("Cat")
    expect(participants).not_to_contain_text(re.compile(r"\b(?:ann|bob)\b", re.IGNORECASE))


def test_there_is_no_portfolio_of_a_contest_that_the_user_has_not_entered(tabs: Tabs) -> None:
    expect(tabs["trade"].page.get_by_label("Weight of SOL in per cent")).to_have_count(0)


def test_the_inbox_and_all_badges_count_the_new_notifications_alone(tabs: Tabs) -> None:
    expect(titles(tabs)).to_have_text(["New news"])
    for name in VIEWS:
        expect(tabs[name].badge).to_have_text("1")


def test_the_errors_are_the_new_ones_alone(tabs: Tabs) -> None:
    groups = tabs["errors"].page.locator(".groups > li")
    expect(groups.filter(has_text="The new disk is full.")).to_have_count(1)
    expect(groups.filter(has_text="The old disk is full.")).to_have_count(0)


@pytest.mark.parametrize(
    ("view", "new", "old"),
    [
        ("users", "Cat", "Ann"),
        ("settings", "new.greeting", "old.greeting"),
        ("managed contests", "New Cup", "Old Cup"),
    ],
)
def test_operators_see_the_new_rows_alone(tabs: Tabs, view: str, new: str, old: str) -> None:
    expect(link(tabs[view], new)).to_have_count(1)
    expect(link(tabs[view], old)).to_have_count(0)


def test_the_audit_trail_has_the_new_entries_alone(tabs: Tabs) -> None:
    entries = tabs["audit"].page.locator("tbody tr")
    expect(entries.filter(has_text="new.greeting")).to_have_count(1)
    expect(entries.filter(has_text="old.greeting")).to_have_count(0)
