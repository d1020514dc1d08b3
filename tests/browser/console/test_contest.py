"""A contest in the console: its leaderboard, its room, and portfolios."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from duelcast.channels.names import Role
from tests.browser.console.conftest import opened
from tests.browser.console.pages import Console
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)> <b>not bold</b> javascript:alert(1) " + "x" * 400
"""Markup, a link that would run a script, and a word that is longer than any line."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened(tmp_path_factory.mktemp("scene") / "data") as scene:
        yield scene


def test_a_refused_message_keeps_its_text_says_why_and_can_be_sent_again(console: Console) -> None:
    console.scene.call("PUT", f"/contests/{CONTEST}/mutes/ann", {})
    console.open(f"contests/{CONTEST}/room", token_of("ann"))
    console.say("May I?")
    refused = console.message("May I?")
    expect(refused).to_have_attribute("data-state", "failed")
    expect(refused.get_by_role("alert")).to_contain_text("MUTED")
    boss = console.tab()
    boss.open(f"contests/{CONTEST}/room", token_of("boss", Role.ADMIN))
    boss.page.locator(".members summary").click()
    boss.page.get_by_role("button", name="Unmute ann").click()
    boss.confirm("Unmute")
    expect(boss.page.get_by_role("button", name="Mute ann", exact=True)).to_be_visible()
    refused.get_by_role("button", name="Send again").click()
    expect(console.message("May I?").locator("time")).to_be_visible()
    expect(boss.message("May I?")).to_have_count(1)


def test_a_message_that_is_too_long_is_edited_instead_of_being_sent_again(console: Console) -> None:
    long = "x" * 501
    console.open(f"contests/{CONTEST}/room", token_of("cat"))
    console.say(long)
    refused = console.message(long)
    expect(refused.get_by_role("alert")).to_contain_text("MESSAGE_TOO_LONG")
    expect(refused.get_by_role("button", name="Send again")).to_have_count(0)
    refused.get_by_role("button", name="Edit").click()
    draft = console.page.get_by_label("Message", exact=True)
    expect(draft).to_have_value(long)
    expect(draft).to_be_focused()
    expect(refused).to_have_count(0)
    console.say("Shorter")
    expect(console.message("Shorter").locator("time")).to_be_visible()


def test_an_admin_deletes_a_message_for_everybody(console: Console) -> None:
    console.open(f"contests/{CONTEST}/room", token_of("boss", Role.ADMIN))
    bad = console.message("Good luck!")
    bad.hover()
    bad.get_by_role("button", name=re.compile("Delete")).click()
    console.confirm("Delete")
    expect(bad).to_have_count(0)
    console.clean()


def test_hostile_messages_are_only_text(console: Console) -> None:
    page = console.page
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    console.open(f"contests/{CONTEST}/room", token_of("ann"))
    console.scene.say("bob", HOSTILE)
    expect(console.message("<b>not bold</b>")).to_be_visible()
    console.fits()
    expect(page.locator(".message :is(img, a)")).to_have_count(0)
    console.clean()


def test_drafts_survive_another_view_and_a_reload(console: Console) -> None:
    page = console.page
    console.open(f"contests/{CONTEST}/trade", token_of("ann"))
    page.get_by_label("Weight of SOL in per cent").fill("55")
    page.get_by_role("link", name="Room").click()
    page.get_by_label("Message", exact=True).fill("not sent yet")
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("not sent yet")
    page.get_by_role("link", name="Trade").click()
    expect(page.get_by_label("Weight of SOL in per cent")).to_have_value("55")


RECORD_MOVES = """() => {
  window.moves = [];
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (frames, options) {
    window.moves.push({ key: this.dataset.key, ms: options.duration });
    return animate.call(this, frames, options);
  };
}"""


class Race:
    """An active contest in which Ann has AAA, and Bob and `others` have BBB; the test posts the prices."""

    def __init__(self, console: Console, others: int = 0) -> None:
        self._console = console
        scene = console.scene
        self._post(AAA=1, BBB=1)
        times = {"start_time": "2099-01-01T00:00:00Z", "end_time": "2099-01-02T00:00:00Z"}
        self.id: int = scene.call("POST", "/contests", {"name": "Race", **times})["id"]
        for wallet in ("ann", "bob", *(f"other-{number}" for number in range(others))):
            portfolio = {"portfolio": [{"symbol": "AAA" if wallet == "ann" else "BBB", "weight": 100}]}
            scene.call("POST", f"/contests/{self.id}/entries", portfolio, token_of(wallet))
        scene.call("POST", f"/contests/{self.id}/start", {})

    @property
    def leader(self) -> Locator:
        return self._console.page.locator(".board tbody tr").first

    def won_by(self, wallet: str) -> None:
        """Let a participant take the lead, and wait until the page shows it."""
        self._post(AAA=2 if wallet == "ann" else 1, BBB=2 if wallet == "bob" else 1)
        expect(self.leader).to_have_attribute("data-key", wallet)

    def _post(self, **prices: float) -> None:
        rows = [{"symbol": symbol, "price": price} for symbol, price in prices.items()]
        self._console.scene.call("POST", "/tokens/prices", rows)


def test_rows_move_to_their_new_places_and_keep_the_focus(console: Console) -> None:
    page, race = console.page, Race(console)
    console.open(f"contests/{race.id}", token_of("ann"))
    race.won_by("ann")
    own = page.locator(".board [data-own] button")
    own.focus()
    page.evaluate(RECORD_MOVES)
    race.won_by("bob")
    assert {move["key"] for move in page.evaluate("moves")} == {"ann", "bob"}
    assert all(move["ms"] <= 400 for move in page.evaluate("moves"))
    expect(own).to_be_focused()
    console.clean()


def test_rows_do_not_move_if_the_user_wants_less_motion(console: Console) -> None:
    page, race = console.page, Race(console)
    page.emulate_media(reduced_motion="reduce")
    console.open(f"contests/{race.id}", token_of("ann"))
    race.won_by("ann")
    page.evaluate(RECORD_MOVES)
    race.won_by("bob")
    assert page.evaluate("moves") == []


def test_the_own_row_stays_in_view(console: Console) -> None:
    page, race = console.page, Race(console, others=20)
    page.set_viewport_size({"width": 1280, "height": 600})
    console.open(f"contests/{race.id}", token_of("ann"))
    race.won_by("bob")
    own = page.locator(".board [data-own]")
    page.locator(".board thead").evaluate("head => scrollBy(0, head.getBoundingClientRect().top - 100)")
    expect(own).to_contain_text("22")
    expect(own).to_be_in_viewport(ratio=1)
    expect(race.leader).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Jump to me").press("Enter")
    expect(own.get_by_role("button")).to_be_focused()
    expect(race.leader).not_to_be_in_viewport()


def test_a_finished_contest_shows_what_decided_it(console: Console) -> None:
    page, race = console.page, Race(console)
    console.open(f"contests/{race.id}", token_of("bob"))
    race.won_by("ann")
    page.get_by_role("link", name="Settlement").click()
    console.scene.call("POST", f"/contests/{race.id}/end", {})
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="AAA"))
    expect(row).to_contain_text("+100.00%")
    page.get_by_role("link", name="Participants").click()
    page.get_by_role("button", name="ann").click()
    expect(page.get_by_role("dialog")).to_contain_text("+100.00%")
    console.clean()
