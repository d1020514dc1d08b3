"""Settings: values change for the server and for all who look at them, and no change of somebody else is lost."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.console.operate.parts import fact, link, panel
from tests.browser.console.pages import Console

pytestmark = pytest.mark.browser


def put(console: Console, key: str, value: Any) -> None:
    console.scene.call("PUT", f"/settings/{key}", {"value": value})


def stored(console: Console, key: str) -> Any:
    return console.scene.call("GET", f"/settings/{key}")["value"]


def look_at(console: Console, key: str) -> Locator:
    """Open the details of a setting; returns the field of its value."""
    console.operate(f"settings/{key}")
    return panel(console).get_by_role("textbox", name="Value", exact=True)


def save(console: Console) -> Locator:
    return panel(console).get_by_role("button", name="Save")


def test_a_change_is_stored_and_shown_to_others_with_its_history(console: Console, another: Console) -> None:
    put(console, "shop.greeting", "Hello")
    another.operate("settings?q=shop.greeting")
    expect(another.page.get_by_role("main").get_by_role("listitem")).to_contain_text("Hello")
    value = look_at(console, "shop.greeting")
    expect(value).to_have_value("Hello")
    expect(save(console)).to_be_disabled()
    value.fill("Welcome")
    save(console).click()
    expect(panel(console).get_by_text("Saved.")).to_be_visible()
    assert stored(console, "shop.greeting") == "Welcome"
    expect(another.page.get_by_role("main").get_by_role("listitem")).to_contain_text("Welcome")
    history = panel(console).get_by_role("listitem")
    expect(history).to_have_count(2)
    expect(history.first).to_contain_text("Version 2 by boss")
    console.clean()


def test_a_value_is_checked_before_and_by_the_server(console: Console) -> None:
    value = look_at(console, "retention.trades_days")
    value.fill("many")
    expect(panel(console).get_by_role("status")).to_have_text("This is not a number.")
    expect(save(console)).to_be_disabled()
    value.fill("-1")
    expect(panel(console).get_by_role("status")).to_have_text("The value is outside these bounds.")
    expect(save(console)).to_be_disabled()
    panel(console).get_by_role("button", name="Discard").click()
    expect(value).to_have_value("2")

    value = look_at(console, "maintenance_mode")
    wrong = '{"enabled": "perhaps"}'
    value.fill(wrong)
    save(console).click()
    expect(panel(console).get_by_role("status")).to_contain_text("(VALIDATION_FAILED)")
    expect(value).to_have_value(wrong)


@pytest.mark.parametrize(("choice", "kept"), [("Store mine", "mine"), ("Keep theirs", "theirs")])
def test_a_change_of_somebody_else_is_shown_before_one_of_the_two_is_lost(
    console: Console, choice: str, kept: str
) -> None:
    key = f"shop.contested-{kept}"
    put(console, key, "before")
    value = look_at(console, key)
    value.fill("mine")
    put(console, key, "theirs")
    expect(panel(console).get_by_role("listitem")).to_have_count(2)
    expect(value).to_have_value("mine")
    save(console).click()
    conflict = panel(console).get_by_role("alert")
    expect(conflict).to_contain_text("The setting was changed meanwhile by boss")
    expect(conflict.locator("pre")).to_have_text(["mine", "theirs"])
    assert stored(console, key) == "theirs"
    conflict.get_by_role("button", name=choice).click()
    expect(conflict).to_have_count(0)
    expect(value).to_have_value(kept)
    expect(save(console)).to_be_disabled()
    assert stored(console, key) == kept


def test_a_stored_value_is_deleted_after_its_key_was_typed(console: Console) -> None:
    put(console, "shop.farewell", "Goodbye")
    look_at(console, "shop.farewell")
    panel(console).get_by_role("button", name="Delete the stored value").click()
    console.confirm("Delete the stored value", "shop.farewell")
    expect(panel(console)).to_contain_text("There is no setting shop.farewell.")
    expect(link(console, "shop.farewell")).to_have_count(0)
    console.clean()


def test_a_setting_of_the_server_falls_back_to_its_default(console: Console) -> None:
    put(console, "chat.max_characters", 400)
    value = look_at(console, "chat.max_characters")
    expect(value).to_have_value("400")
    expect(fact(panel(console), "Source")).to_have_text("Stored here, version 1")
    panel(console).get_by_role("button", name="Delete the stored value").click()
    console.confirm("Delete the stored value", "chat.max_characters")
    expect(value).to_have_value("500")
    expect(fact(panel(console), "Source")).to_have_text("Default")
    expect(panel(console).get_by_role("button", name="Delete the stored value")).to_have_count(0)
    expect(panel(console).get_by_text("The stored value was deleted.")).to_be_visible()
    value.fill("450")
    expect(panel(console).get_by_text("The stored value was deleted.")).to_have_count(0)
    panel(console).get_by_role("button", name="Discard").click()
    expect(value).to_be_focused()
    console.clean()


def test_a_secret_value_is_shown_to_nobody(console: Console) -> None:
    body = {"value": "open sesame", "secret": True}
    console.scene.call("PUT", "/settings/shop.password", body)
    console.operate("settings/shop.password")
    field = panel(console).get_by_label("New value; the present one is secret")
    expect(field).to_have_value("")
    field.fill("close sesame")
    save(console).click()
    expect(panel(console).get_by_text("Saved.")).to_be_visible()
    expect(panel(console).get_by_role("listitem")).to_have_count(2)
    assert "sesame" not in console.page.content()
    console.clean()
