"""The contests: those that run, those to come, and those that are over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console.pages import Console
from tests.browser.watching import Watch
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser


def test_a_contest_moves_from_section_to_section(console: Console) -> None:
    page = console.page
    console.open("contests", token_of("ann"))
    live = page.get_by_role("region", name="Live")
    upcoming = page.get_by_role("region", name="Upcoming")
    finished = page.get_by_role("region", name="Finished")
    expect(live).to_contain_text("Friday Cup")
    expect(live).to_contain_text(re.compile(r"Your rank\s*[12] of 2"))
    expect(upcoming.get_by_role("timer")).to_have_text(re.compile(r"^\d+ d \d\d:\d\d:\d\d$"))

    console.scene.call("POST", f"/contests/{CONTEST}/end", {})
    row = finished.get_by_role("row", name="Friday Cup")
    expect(row).to_contain_text(re.compile("[12] of 2"))
    expect(live).to_contain_text("No contest is live")
    pending = CONTEST - 1
    console.scene.call("POST", f"/contests/{pending}/cancel", {"reason": "It rains."})
    expect(upcoming).to_contain_text("No contest is about to start")
    finished.get_by_role("button", name="Cancelled").click()
    expect(finished).to_contain_text("It rains.")
    finished.get_by_role("button", name="Mine").click()
    expect(finished.get_by_role("row", name="Friday Cup")).to_be_visible()
    finished.get_by_role("link", name="Friday Cup").click()
    expect(page).to_have_url(re.compile(rf"/contests/{CONTEST}$"))
    console.clean()


def test_a_visitor_sees_no_ranks(page: Page, watch: Watch, shared_scene: Scene) -> None:
    Console(page, watch, shared_scene).open("contests")
    expect(page.get_by_role("region", name="Live")).to_contain_text("Friday Cup")
    expect(page.get_by_text("Your rank")).to_have_count(0)
    expect(page.get_by_role("button", name="Mine")).to_have_count(0)
