"""Recorded errors and the audit trail: what matches the filters, which are in the address so that it can be shared."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console.operate.parts import fact, link, rows
from tests.browser.console.pages import Console

pytestmark = pytest.mark.browser


def report(console: Console, error: str, level: str = "error", service: str = "warehouse") -> None:
    body = {"service": service, "level": level, "error": error, "source": "forklift", "details": {"aisle": 7}}
    console.scene.call("POST", "/errors", body)


def test_errors_are_grouped_and_filtered_and_new_ones_arrive(console: Console) -> None:
    page = console.page
    groups = page.locator(".groups > li")
    report(console, "Pallet 17 is missing.")
    report(console, "Pallet 18 is missing.")
    report(console, "The roof leaks.", level="critical")
    report(console, "The till is empty.", service="counter")
    console.operate("errors")
    expect(groups.filter(has_text="The till is empty.")).to_have_count(1)
    page.get_by_label("Service", exact=True).select_option("warehouse")
    expect(page).to_have_url(re.compile(r"\?service=warehouse$"))
    expect(groups).to_have_count(2)
    page.get_by_label("Level", exact=True).select_option("Critical")
    expect(page).to_have_url(re.compile(r"\?service=warehouse&level=critical$"))
    expect(groups).to_have_count(1)
    page.reload()
    expect(groups).to_have_count(1)
    expect(groups).to_contain_text("The roof leaks.")
    report(console, "The gate is stuck.", level="critical")
    expect(groups).to_have_count(2)
    expect(groups.first).to_contain_text("The gate is stuck.")
    page.get_by_label("Search errors").fill("roof")
    expect(page).to_have_url(re.compile(r"&q=roof$"))
    expect(groups).to_have_count(1)
    page.get_by_label("Level", exact=True).select_option("All levels")
    page.get_by_label("Search errors").fill("PALLET")
    expect(groups).to_contain_text("2\u00a0×")
    groups.locator("summary").click()
    expect(groups.locator("ol > li")).to_have_count(2)
    expect(groups.locator("ol pre").first).to_contain_text('"aisle": 7')
    console.clean()


def test_a_service_leads_to_its_errors(console: Console) -> None:
    console.scene.call("PUT", "/services/bakery", {"kind": "reported", "layer": "shop"})
    report(console, "The bread is burnt.", service="bakery")
    console.operate("services/bakery")
    link(console, "All errors of this service").click()
    expect(console.page).to_have_url(re.compile(r"/operate/errors\?service=bakery$"))
    expect(console.page.locator(".groups > li")).to_contain_text(["The bread is burnt."])
    console.scene.call("DELETE", "/services/bakery")


def test_the_audit_trail_is_filtered_in_the_address_and_shows_its_entries(console: Console) -> None:
    page = console.page
    console.scene.call("PUT", "/settings/audited.one", {"value": "a"})
    console.scene.call("PUT", "/settings/audited.two", {"value": "b"})
    console.operate("audit?target=audited.one")
    expect(rows(console)).to_have_count(1)
    expect(page.get_by_label("Target")).to_have_value("audited.one")
    page.get_by_label("Target").fill("audited.two")
    expect(page).to_have_url(re.compile(r"\?target=audited\.two$"))
    page.get_by_label("Wallet").fill("nobody")
    expect(page.get_by_text("No entry matches.")).to_be_visible()
    page.get_by_label("Wallet").fill("boss")
    page.get_by_label("Action").fill("settings.put")
    expect(rows(console)).to_have_count(1)
    page.reload()
    expect(rows(console)).to_have_count(1)
    rows(console).get_by_role("button", name="settings.put").click()
    expect(fact(console.dialog, "Wallet")).to_have_text("boss")
    expect(fact(console.dialog, "Target")).to_have_text("audited.two")
    expect(console.dialog.get_by_role("row", name="value – b")).to_be_visible()
    console.clean()


def test_days_limit_the_audit_trail(console: Console) -> None:
    page = console.page
    console.scene.call("PUT", "/settings/audited.three", {"value": "c"})
    console.operate("audit?target=audited.three")
    expect(rows(console)).to_have_count(1)
    page.get_by_label("To", exact=True).fill("2020-01-01")
    expect(page).to_have_url(re.compile("to=2020-01-01"))
    expect(page.get_by_text("No entry matches.")).to_be_visible()
    page.get_by_label("To", exact=True).fill("")
    page.get_by_label("From", exact=True).fill("2020-01-01")
    expect(rows(console)).to_have_count(1)
