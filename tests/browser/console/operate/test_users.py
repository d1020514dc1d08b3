"""Users: what an operator changes holds for the user at once, and what a role may not do is not shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from duelcast.channels.names import Role
from tests.browser.console.operate.parts import fact, link, panel
from tests.browser.console.pages import Console
from tests.guides.scene import token_of

pytestmark = pytest.mark.browser


def test_a_user_is_found_by_wallet_and_gets_a_nickname(console: Console) -> None:
    console.operate("users")
    console.page.get_by_label("Wallet or nickname").fill("frances-9")
    expect(console.page).to_have_url(re.compile(r"\?q=frances-9$"))
    link(console, "Open the wallet frances-9").click()
    expect(panel(console)).to_contain_text("This wallet is not stored. The first change stores it.")
    panel(console).get_by_label("Nickname").fill("Frances")
    panel(console).get_by_role("button", name="Change the nickname").click()
    expect(panel(console).get_by_text("The nickname was changed.")).to_be_visible()
    expect(link(console, "Frances")).to_have_count(1)
    assert console.scene.call("GET", "/users/frances-9")["nickname"] == "Frances"


def test_a_banned_user_is_cut_off_until_the_ban_is_lifted(console: Console, another: Console) -> None:
    console.scene.call("PUT", "/users/gil", {"nickname": "Gil"})
    another.open(token=token_of("gil"))
    expect(another.page.get_by_role("button", name="Gil")).to_be_visible()
    console.operate("users/gil")
    panel(console).get_by_role("button", name="Ban", exact=True).click()
    expect(console.dialog).to_contain_text("Their connections are closed at once")
    console.confirm("Ban", "gil")
    expect(panel(console).get_by_text("The user is banned.")).to_be_visible()
    expect(fact(panel(console), "Ban")).to_have_text("Banned")
    expect(another.pill).not_to_have_text("Live")

    panel(console).get_by_role("button", name="Lift the ban").click()
    console.confirm("Lift the ban")
    expect(panel(console).get_by_text("The ban is lifted.")).to_be_visible()
    another.page.reload()
    another.live()
    expect(another.page.get_by_role("button", name="Gil")).to_be_visible()
    console.clean()


def test_a_superadmin_makes_an_admin_who_sees_the_views_for_operators_at_once(
    console: Console, another: Console
) -> None:
    console.scene.call("PUT", "/users/hana", {"nickname": "Hana"})
    another.open(token=token_of("hana"))
    expect(another.page.get_by_role("button", name="Hana")).to_be_visible()
    operate = another.page.get_by_role("navigation", name="Main").get_by_role("link", name="Operate")
    expect(operate).to_have_count(0)
    console.operate("users/hana", Role.SUPERADMIN)
    panel(console).get_by_label("Role").select_option("admin")
    panel(console).get_by_role("button", name="Change the role").click()
    expect(console.dialog).to_contain_text("They may see and change everything except the roles of admins")
    console.confirm("Change the role", "hana")
    expect(panel(console).get_by_text("The role was changed.")).to_be_visible()
    operate.click()
    expect(another.page.get_by_role("heading", level=1)).to_have_text("Overview")
    console.clean()


def test_an_admin_may_neither_set_roles_nor_ban_admins_or_themselves(console: Console) -> None:
    superadmin = token_of("root", Role.SUPERADMIN)
    console.scene.call("PUT", "/users/ines", {"role": "admin"}, superadmin)
    for wallet, may_ban in (("ida", True), ("ines", False), ("boss", False)):
        console.operate(f"users/{wallet}")
        expect(panel(console).get_by_role("button", name="Change the nickname")).to_be_visible()
        expect(panel(console).get_by_role("button", name="Ban", exact=True)).to_have_count(int(may_ban))
        expect(panel(console).get_by_role("button", name="Change the role")).to_have_count(0)


def test_the_filters_are_kept_in_the_address(console: Console) -> None:
    console.scene.call("PUT", "/users/jo", {"nickname": "Jo", "banned": True})
    console.operate("users")
    expect(link(console, "Jo")).to_have_count(1)
    console.page.get_by_label("Ban", exact=True).select_option("Not banned")
    expect(console.page).to_have_url(re.compile(r"\?banned=false$"))
    expect(link(console, "Jo")).to_have_count(0)
    console.page.reload()
    expect(console.page.get_by_label("Ban", exact=True)).to_have_value("false")
    expect(console.page.get_by_role("main").get_by_role("table")).to_be_visible()
    expect(link(console, "Jo")).to_have_count(0)
