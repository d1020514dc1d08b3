"""Admins read over HTTP where a setting's value comes from, and what the server declares of it (protocol §9, §13)."""

from __future__ import annotations

from typing import Any

from tests.e2e.settings.office import Office, office

DECLARED = ("source", "default", "configured", "integer", "minimum", "exclusiveMinimum", "maximum")
CHARACTERS = "chat.max_characters"


async def declared(one: Office, key: str) -> dict[str, Any]:
    """What is told of a setting beyond the record that sockets carry too."""
    answer = await one.call("GET", f"/settings/{key}")
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json().items() if name in DECLARED}


async def test_a_setting_that_nobody_set_has_its_default() -> None:
    async with office() as one:
        characters = {"source": "default", "default": 500, "integer": True, "minimum": 1, "maximum": 4000}
        assert await declared(one, CHARACTERS) == characters
        days = await declared(one, "retention.chat_days")
        assert (days["integer"], days["exclusiveMinimum"], days["maximum"]) == (False, 0, 36_500)
        assert "minimum" not in days
        assert await declared(one, "maintenance_mode") == {"source": "default", "default": {"enabled": False}}


async def test_a_stored_value_precedes_a_configured_one_which_precedes_the_default() -> None:
    async with office(chat_max_characters=300) as one:
        bounds = {"default": 500, "configured": 300, "integer": True, "minimum": 1, "maximum": 4000}
        assert await declared(one, CHARACTERS) == {"source": "configuration"} | bounds
        put = await one.put(CHARACTERS, 200)
        assert (put["value"], put["source"], put["configured"]) == (200, "stored", 300)
        assert await declared(one, CHARACTERS) == {"source": "stored"} | bounds
        await one.call("DELETE", f"/settings/{CHARACTERS}")
        assert await declared(one, CHARACTERS) == {"source": "configuration"} | bounds


async def test_of_a_setting_that_an_admin_created_the_server_declares_nothing() -> None:
    async with office() as one:
        await one.put("pages.banner", "Hello")
        await one.put("keys.price_source", "a key", secret=True)
        assert await declared(one, "pages.banner") == {"source": "stored"}
        assert await declared(one, "keys.price_source") == {"source": "stored"}


async def test_the_list_tells_the_same_of_each_setting_as_its_own_address() -> None:
    async with office(chat_max_characters=300) as one:
        await one.put("pages.banner", "Hello")
        listed = (await one.call("GET", "/settings")).json()["data"]
        assert {setting["key"] for setting in listed} >= {CHARACTERS, "pages.banner"}
        for setting in listed:
            assert (await one.call("GET", f"/settings/{setting['key']}")).json() == setting


async def test_sockets_carry_the_record_alone() -> None:
    async with office(chat_max_characters=300) as one, one.socket() as admin:
        reply = await admin.ask(type="get_setting", key=CHARACTERS)
        whole = (await one.call("GET", f"/settings/{CHARACTERS}")).json()
        assert reply["setting"] == {name: value for name, value in whole.items() if name not in DECLARED}
