"""Contests: an operator creates one, changes it, leads it through its life, and decides who takes part."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.console.operate.parts import fact, link, rows
from tests.browser.console.pages import Console
from tests.guides.scene import token_of

pytestmark = pytest.mark.browser

START, END = "2099-01-01T00:00:00Z", "2099-01-02T00:00:00Z"


def create(console: Console, name: str, *entrants: str) -> dict[str, Any]:
    """A pending contest with participants."""
    body = {"name": name, "start_time": START, "end_time": END}
    contest: dict[str, Any] = console.scene.call("POST", "/contests", body)
    for wallet in entrants:
        portfolio = {"portfolio": [{"symbol": "SOL", "weight": 100}]}
        console.scene.call("POST", f"/contests/{contest['id']}/entries", portfolio, token_of(wallet))
    return contest


def stored(console: Console, contest: dict[str, Any]) -> Any:
    return console.scene.call("GET", f"/contests/{contest['id']}")


def field(console: Console, name: str) -> Locator:
    return console.page.get_by_role("textbox", name=name, exact=True)


def act(console: Console, action: str) -> None:
    console.page.get_by_role("region", name="Actions").get_by_role("button", name=action).click()


def test_a_contest_is_created(console: Console) -> None:
    page = console.page
    console.operate("contests")
    link(console, "Create a contest").click()
    create = page.get_by_role("button", name="Create a contest")
    create.click()
    name = field(console, "Name")
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("Winter Cup")
    field(console, "Payout by place, in percent").fill("60, forty")
    field(console, "Allowed symbols").fill("sol, btc")
    create.click()
    expect(page.get_by_role("alert")).to_have_text("Give percentages with commas between them.")
    field(console, "Payout by place, in percent").fill("60, 40")
    create.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Winter Cup")
    contest = console.scene.call("GET", f"/contests/{page.url.rpartition('/')[2]}")
    assert contest["name"] == "Winter Cup"
    assert set(contest["allowed_symbols"]) == {"SOL", "BTC"}
    assert [payout["percent"] for payout in contest["payout"]] == [60, 40]
    link(console, "All contests").click()
    expect(link(console, "Winter Cup")).to_have_count(1)
    console.clean()


def test_the_terms_are_changed_and_a_refusal_stands_at_its_field(console: Console) -> None:
    page = console.page
    contest = create(console, "Sprign Cup", "kim")
    console.operate(f"contests/{contest['id']}")
    expect(field(console, "Allowed symbols")).to_have_count(0)  # somebody has entered already
    field(console, "Name").fill("Spring Cup")
    field(console, "Minimum of participants").fill("5")
    field(console, "Maximum of participants").fill("3")
    save = page.get_by_role("button", name="Save the changes")
    save.click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)
    field(console, "Maximum of participants").fill("")
    save.click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Spring Cup")
    assert stored(console, contest)["min_participants"] == 5


def test_a_contest_is_started_and_ended(console: Console) -> None:
    page = console.page
    contest = create(console, "Summer Cup", "lee", "mia")
    console.operate(f"contests/{contest['id']}")
    act(console, "Start now")
    expect(console.dialog).to_contain_text("with the present prices and 2 participants")
    console.confirm("Start now")
    expect(page.get_by_text("The contest was started.")).to_be_visible()
    expect(page.locator("header.view")).to_contain_text("Live")
    assert stored(console, contest)["status"] == "active"

    act(console, "End now")
    console.confirm("End now", contest["contest_code"])
    expect(page.get_by_text("The contest was ended.")).to_be_visible()
    expect(page.locator("header.view")).to_contain_text("Finished")
    expect(page.get_by_text("The contest is over: its terms can no longer be changed.")).to_be_visible()
    expect(page.get_by_role("region", name="Actions").get_by_role("button")).to_have_count(0)
    assert stored(console, contest)["status"] == "completed"
    console.clean()


def test_a_contest_is_cancelled_with_a_reason_that_participants_see(console: Console, another: Console) -> None:
    contest = create(console, "Autumn Cup", "noa")
    another.open(f"contests/{contest['id']}", token_of("noa"))
    console.operate(f"contests/{contest['id']}")
    act(console, "Cancel the contest")
    cancel = console.dialog.get_by_role("button", name="Cancel the contest")
    console.dialog.get_by_label(f"Type “{contest['contest_code']}” to confirm").fill(contest["contest_code"])
    cancel.click()  # which the browser refuses without a reason
    expect(console.dialog).to_be_visible()
    console.dialog.get_by_label("Reason, which participants see").fill("The leaves have fallen.")
    cancel.click()
    expect(console.page.get_by_text("The contest was cancelled.")).to_be_visible()
    expect(fact(console.page.get_by_role("main"), "Cancelled because")).to_have_text("The leaves have fallen.")
    expect(another.page.get_by_role("main")).to_contain_text("The leaves have fallen.")
    expect(another.badge).to_have_text("1")
    console.clean()


def test_a_participant_is_disqualified_and_readmitted(console: Console, another: Console) -> None:
    contest = create(console, "Fair Cup", "oda", "pia")
    console.scene.call("POST", f"/contests/{contest['id']}/start", {})
    another.open(f"contests/{contest['id']}", token_of("pia"))
    board = another.page.locator(".board tbody tr")
    expect(board).to_have_count(2)
    console.operate(f"contests/{contest['id']}")
    oda = rows(console).filter(has_text="oda")
    oda.get_by_role("button", name="Disqualify").click()
    console.confirm("Disqualify", "oda")
    expect(oda).to_contain_text("Disqualified")
    expect(board).to_have_count(1)
    oda.get_by_role("button", name="Readmit").click()
    console.confirm("Readmit")
    expect(oda).to_contain_text("Active")
    expect(board).to_have_count(2)
    console.clean()


def test_older_contests_are_found_by_their_status_in_the_address(console: Console) -> None:
    contest = create(console, "Forgotten Cup")
    console.scene.call("POST", f"/contests/{contest['id']}/cancel", {"reason": "Nobody came."})
    console.operate("contests")
    console.page.get_by_label("Status").select_option("Cancelled")
    expect(console.page).to_have_url(re.compile(r"\?status=cancelled$"))
    console.page.reload()
    link(console, "Forgotten Cup").click()
    expect(console.page.get_by_role("heading", level=1)).to_have_text("Forgotten Cup")
    console.page.go_back()
    expect(console.page.get_by_label("Status")).to_have_value("cancelled")
