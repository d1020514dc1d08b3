"""Changing settings over sockets (protocol §9, `update_setting`)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.settings.office import ADMIN, Office, of_type, updates

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_unknown_key_is_created_for_admins_to_see(office: Office) -> None:
    async with office.socket() as admin:
        answer = await admin.ask(type="update_setting", key="made.one", value="x", description="A name.")
        setting = answer["setting"]
        assert (answer["type"], answer["key"]) == ("setting_updated", "made.one")
        assert setting["updatedAt"] is not None
        assert setting | {"updatedAt": ""} == {
            "key": "made.one",
            "name": "one",
            "category": "made",
            "value": "x",
            "value_type": "string",
            "description": "A name.",
            "visibility": "admin",
            "secret": False,
            "version": 1,
            "updatedAt": "",
            "updatedBy": ADMIN,
        }


TYPES: list[tuple[Any, str]] = [
    ("text", "string"),
    (1, "number"),
    (-0.5, "number"),
    (True, "boolean"),
    (None, "json"),
    ([], "json"),
    ({"a": [1, None]}, "json"),
]


@pytest.mark.parametrize(("value", "kind"), TYPES)
async def test_the_first_value_gives_the_type(office: Office, value: Any, kind: str) -> None:
    async with office.socket() as admin:
        answer = await admin.ask(type="update_setting", key=f"typed.{kind}-{len(str(value))}", value=value)
        assert (answer["setting"]["value"], answer["setting"]["value_type"]) == (value, kind)


async def test_a_value_of_another_type_is_refused_and_nothing_changed(office: Office) -> None:
    await office.put("typed.fixed", "x")
    async with office.socket() as admin:
        others: list[Any] = [1, True, None, {}]
        for value in others:
            refused = await admin.ask(type="update_setting", key="typed.fixed", value=value)
            assert (refused["code"], refused["field"]) == ("VALIDATION_FAILED", "value")
        kept = await admin.ask(type="get_setting", key="typed.fixed")
        assert (kept["setting"]["value"], kept["setting"]["version"]) == ("x", 1)


async def test_an_equal_value_is_a_new_version(office: Office) -> None:
    first = await office.put("equal.one", 5)
    second = await office.put("equal.one", 5)
    assert (first["version"], second["version"]) == (1, 2)


async def test_what_is_not_given_stays(office: Office) -> None:
    await office.put("kept.one", 1, description="Mine.", visibility="user")
    after = await office.put("kept.one", 2)
    assert (after["description"], after["visibility"], after["value"]) == ("Mine.", "user", 2)


async def test_a_change_to_an_old_version_is_refused_with_the_current_setting(office: Office) -> None:
    await office.put("raced.one", 1)
    await office.put("raced.one", 2)
    async with office.socket() as admin:
        current = (await admin.ask(type="get_setting", key="raced.one"))["setting"]
        for expected in (0, 1, 3):
            refused = await admin.ask(type="update_setting", key="raced.one", value=9, expectedVersion=expected)
            assert (refused["code"], refused["current"]) == ("VERSION_CONFLICT", current)
        taken = await admin.ask(type="update_setting", key="raced.one", value=9, expectedVersion=2)
        assert taken["setting"]["version"] == 3


async def test_zero_expects_that_nothing_is_stored(office: Office) -> None:
    async with office.socket() as admin:
        refused = await admin.ask(type="update_setting", key="fresh.one", value=1, expectedVersion=4)
        assert (refused["code"], refused["current"]) == ("VERSION_CONFLICT", None)
        created = await admin.ask(type="update_setting", key="fresh.one", value=1, expectedVersion=0)
        assert created["setting"]["version"] == 1
        declared = await admin.ask(type="update_setting", key="chat.max_characters", value=450, expectedVersion=0)
        assert declared["setting"]["version"] == 1


async def test_of_two_admins_at_once_exactly_one_wins(office: Office) -> None:
    await office.put("contended.one", 0, visibility="user")
    async with office.socket("boss") as boss, office.socket("chief") as chief, office.socket("ann") as ann:
        for member in (boss, chief, ann):
            await member.ask(type="subscribe_setting", key="contended.one")
        await ann.drain()
        answers = await asyncio.gather(
            *(
                admin.ask(type="update_setting", key="contended.one", value=value, expectedVersion=1)
                for admin, value in ((boss, 1), (chief, 2))
            )
        )
        (won,) = of_type(answers, "setting_updated")
        (lost,) = of_type(answers, "error")
        assert lost["code"] == "VERSION_CONFLICT"
        assert lost["current"] == won["setting"]
        value = won["setting"]["value"]
        (pushed,) = await updates(ann)
        assert (pushed["setting"]["value"], pushed["setting"]["version"], pushed["previous"]) == (value, 2, 0)
    history = (await office.call("GET", "/settings/contended.one/history")).json()
    assert [(row["version"], row["value"]) for row in history["data"]] == [(2, value), (1, 0)]
    audit = (await office.call("GET", "/audit?action=settings.put&target=contended.one")).json()["data"]
    assert sorted(row["outcome"] for row in audit[:2]) == ["conflict", "ok"]
    assert {row["wallet"] for row in audit[:2]} == {"boss", "chief"}
    values = {row["outcome"]: row["details"]["value"] for row in audit[:2]}
    assert values["ok"] == [0, value]
    assert values["conflict"] == [value, 3 - value]


async def test_only_admins_change_settings(office: Office) -> None:
    async with office.socket("ann") as ann:
        for key in ("made.one", "chat.max_characters", "no.such"):
            refused = await ann.ask(type="update_setting", key=key, value=1)
            assert (refused["code"], "current" in refused) == ("PERMISSION_DENIED", False)


async def test_a_declared_setting_keeps_its_bounds_and_its_visibility(office: Office) -> None:
    async with office.socket() as admin:
        for value in (0, 4001, 1.5, "10", True, None):
            refused = await admin.ask(type="update_setting", key="chat.max_characters", value=value)
            assert (refused["code"], refused["field"]) == ("VALIDATION_FAILED", "value"), value
        hidden = await admin.ask(
            type="update_setting", key="maintenance_mode", value={"enabled": False}, visibility="admin"
        )
        assert (hidden["code"], hidden["field"]) == ("VALIDATION_FAILED", "visibility")
        secret = await admin.ask(type="update_setting", key="chat.max_characters", value=100, secret=True)
        assert (secret["code"], secret["field"]) == ("VALIDATION_FAILED", "secret")


@pytest.mark.parametrize(
    "value",
    [
        {"enabled": True, "until": "tomorrow"},
        {"enabled": True, "until": "2027-01-15T08:00:00"},
        {"enabled": True, "until": 5},
        {"enabled": "yes"},
        {},
        {"enabled": True, "mesage": "x"},
        "on",
        None,
    ],
)
async def test_maintenance_that_makes_no_sense_is_refused(office: Office, value: Any) -> None:
    async with office.socket() as admin:
        refused = await admin.ask(type="update_setting", key="maintenance_mode", value=value)
        assert refused["code"] == "VALIDATION_FAILED"
        assert refused["field"].startswith("value")


@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        ({"key": "Upper.case", "value": 1}, "INVALID_REQUEST", "key"),
        ({"key": "", "value": 1}, "INVALID_REQUEST", "key"),
        ({"key": "x" * 129, "value": 1}, "INVALID_REQUEST", "key"),
        ({"key": "a.b\n", "value": 1}, "INVALID_REQUEST", "key"),
        ({"key": 7, "value": 1}, "INVALID_REQUEST", "key"),
        ({"key": "bad.one"}, "INVALID_REQUEST", "value"),
        ({"key": "bad.one", "value": 1, "expectedversion": 0}, "INVALID_REQUEST", "expectedversion"),
        ({"key": "bad.one", "value": 1, "expectedVersion": -1}, "INVALID_REQUEST", "expectedVersion"),
        ({"key": "bad.one", "value": 1, "expectedVersion": "0"}, "INVALID_REQUEST", "expectedVersion"),
        ({"key": "bad.one", "value": 1, "visibility": "everyone"}, "INVALID_REQUEST", "visibility"),
        ({"key": "bad.one", "value": 1, "secret": "yes"}, "INVALID_REQUEST", "secret"),
        ({"key": "bad.one", "value": 1, "description": "x" * 1001}, "INVALID_REQUEST", "description"),
        ({"key": "bad.one", "value": {"a": 2**53}}, "INVALID_REQUEST", "value.a"),
        ({"key": "bad.one", "value": ["a\0"]}, "INVALID_REQUEST", "value[0]"),
        ({"key": "bad.one", "value": "x" * 64 * 1024}, "VALIDATION_FAILED", "value"),
    ],
)
async def test_bad_input_is_named_and_stores_nothing(
    office: Office, message: dict[str, Any], code: str, field: str
) -> None:
    async with office.socket() as admin:
        refused = await admin.ask(type="update_setting", **message)
        assert (refused["code"], refused["field"]) == (code, field)
        assert (await admin.ask(type="get_setting", key="bad.one"))["code"] == "SETTING_NOT_FOUND"


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


async def test_a_value_may_be_deep_but_not_too_deep(office: Office) -> None:
    async with office.socket() as admin:
        kept = await admin.ask(type="update_setting", key="deep.one", value=nested(24))
        assert kept["setting"]["value"] == nested(24)
        refused = await admin.ask(type="update_setting", key="deep.two", value=nested(25))
        assert (refused["code"], refused["field"]) == ("VALIDATION_FAILED", "value")
        assert (await admin.ask(type="update_setting", key="deep.two", value=nested(32)))["code"] == "INVALID_MESSAGE"


async def test_whether_it_is_secret_is_said_at_creation_alone(office: Office) -> None:
    await office.put("open.one", 1)
    await office.put("closed.one", 1, secret=True)
    async with office.socket() as admin:
        for key, secret in (("open.one", True), ("closed.one", False)):
            refused = await admin.ask(type="update_setting", key=key, value=2, secret=secret)
            assert (refused["code"], refused["field"]) == ("VALIDATION_FAILED", "secret")
        for key, secret in (("open.one", False), ("closed.one", True)):
            assert (await admin.ask(type="update_setting", key=key, value=2, secret=secret))["setting"]["version"] == 2
