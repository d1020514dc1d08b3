"""Signing in and out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.console.pages import Console
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser


@pytest.fixture
def scene(shared_scene: Scene) -> Scene:
    return shared_scene


def test_a_pasted_token_signs_in_until_the_user_signs_out(console: Console) -> None:
    page = console.page
    console.open()
    page.get_by_role("button", name="Sign in").click()
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("Access token").fill("nonsense")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("This is not an access token")
    dialog.get_by_label("Access token").fill(token_of("ann"))
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    account = page.get_by_role("button", name="ann")
    expect(account).to_be_visible()
    page.reload()
    account.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    console.clean()


def test_a_token_that_the_server_refuses_leads_to_the_dialog(console: Console) -> None:
    page = console.page
    page.goto(f"{console.scene.server.url}/console/#token=not.a.token")
    dialog = page.get_by_role("dialog", name="Sign in")
    expect(dialog).to_contain_text("no longer valid")
    dialog.get_by_label("Access token").fill(token_of("ann"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="ann")).to_be_visible()
    console.live()


def test_a_link_with_a_token_signs_in_a_tab_that_is_open_already(console: Console) -> None:
    page = console.page
    console.open(token=token_of("ann"))
    expect(page.get_by_role("button", name="ann")).to_be_visible()
    page.evaluate(f"location.hash = 'token={token_of('bob')}'")
    expect(page.get_by_role("button", name="bob")).to_be_visible()
    expect(page).to_have_url(f"{console.scene.server.url}/console/")
    console.clean()


def test_a_dialog_that_was_cancelled_gives_the_focus_back_and_stays_away(console: Console) -> None:
    page = console.page
    page.goto(f"{console.scene.server.url}/console/#token=not.a.token")
    dialog = page.get_by_role("dialog", name="Sign in")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    opener = page.get_by_role("button", name="Sign in")
    opener.click()
    dialog.get_by_role("button", name="Close").click()
    expect(opener).to_be_focused()
    expect(dialog).to_have_count(0)


def test_what_a_user_has_typed_is_kept_for_them_and_gone_for_the_next_one(console: Console) -> None:
    page = console.page
    console.open(f"contests/{CONTEST}/room", token_of("ann"))
    message = page.get_by_role("textbox", name="Message", exact=True)
    message.fill("my strategy")
    page.reload()
    expect(message).to_have_value("my strategy")
    page.evaluate(f"location.hash = 'token={token_of('bob')}'")
    expect(page.get_by_role("button", name="bob")).to_be_visible()
    expect(message).to_have_value("")
    assert "strategy" not in page.evaluate("JSON.stringify(sessionStorage)")
    console.clean()
