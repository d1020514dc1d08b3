"""Settings over HTTP (protocol §13, `/settings`)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.serving import Serving
from tests.http.test_problems import assert_problem

SETTINGS = "/api/v69/settings"


async def put(server: Serving, key: str, value: Any, **more: Any) -> Any:
    answer = await server.client.put(f"{SETTINGS}/{key}", json={"value": value, **more}, headers=server.admin)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_setting_is_put_got_listed_and_deleted(server: Serving) -> None:
    made = await put(server, "a.b", [1], description="A list.", visibility="user", expectedVersion=0)
    assert (made["value"], made["version"], made["visibility"], made["updatedBy"]) == ([1], 1, "user", "admin")
    assert (await server.client.get(f"{SETTINGS}/a.b", headers=server.admin)).json() == made
    listed = (await server.client.get(SETTINGS, headers=server.admin)).json()
    assert made in listed["data"]
    assert (listed["count"], listed["version"]) == (len(listed["data"]), 1)
    assert [one["key"] for one in listed["data"]] == sorted(one["key"] for one in listed["data"])
    assert (await server.client.delete(f"{SETTINGS}/a.b", headers=server.admin)).status_code == 204
    assert_problem(await server.client.get(f"{SETTINGS}/a.b", headers=server.admin), 404, "SETTING_NOT_FOUND")
    assert_problem(await server.client.delete(f"{SETTINGS}/a.b", headers=server.admin), 404, "SETTING_NOT_FOUND")


async def test_versions_go_on_after_a_deletion(server: Serving) -> None:
    await put(server, "a.b", 1)
    await server.client.delete(f"{SETTINGS}/a.b", headers=server.admin)
    assert (await put(server, "a.b", "another type", expectedVersion=0))["version"] == 3


async def test_a_declared_setting_falls_back_and_may_be_deleted_again(server: Serving) -> None:
    await put(server, "chat.max_characters", 100)
    for _ in range(2):
        deleted = await server.client.delete(f"{SETTINGS}/chat.max_characters", headers=server.admin)
        assert deleted.status_code == 204
    got = (await server.client.get(f"{SETTINGS}/chat.max_characters", headers=server.admin)).json()
    assert (got["value"], got["version"], got["updatedAt"]) == (500, 0, None)


async def test_the_history_pages_from_the_newest_change(server: Serving) -> None:
    for value in (1, 2):
        await put(server, "a.b", value)
    await server.client.delete(f"{SETTINGS}/a.b", headers=server.admin)
    await put(server, "a.b", 4)
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await server.client.get(
            f"{SETTINGS}/a.b/history", params={"limit": "3", **cursor}, headers=server.admin
        )
        page = answer.json()
        assert page["count"] == len(page["data"]) <= 3
        rows += page["data"]
        if "nextCursor" not in page:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert [(row["version"], row["value"], row["deleted"]) for row in rows] == [
        (4, 4, False),
        (3, None, True),
        (2, 2, False),
        (1, 1, False),
    ]
    assert {row["by"] for row in rows} == {"admin"}


async def test_a_key_that_never_was_has_no_history(server: Serving) -> None:
    answer = await server.client.get(f"{SETTINGS}/no.such/history", headers=server.admin)
    assert_problem(answer, 404, "SETTING_NOT_FOUND")
    declared = await server.client.get(f"{SETTINGS}/chat.max_characters/history", headers=server.admin)
    assert declared.json() == {"data": [], "count": 0}


async def test_an_old_version_is_refused_with_the_current_setting(server: Serving) -> None:
    put_as = await put(server, "a.b", 1)
    current = {name: value for name, value in put_as.items() if name != "source"}
    body = {"value": 2, "expectedVersion": 7}
    refused = await server.client.put(f"{SETTINGS}/a.b", json=body, headers=server.admin)
    assert assert_problem(refused, 409, "VERSION_CONFLICT")["current"] == current
    refused = await server.client.delete(f"{SETTINGS}/a.b?expectedVersion=7", headers=server.admin)
    assert assert_problem(refused, 409, "VERSION_CONFLICT")["current"] == current
    deleted = await server.client.delete(f"{SETTINGS}/a.b?expectedVersion=1", headers=server.admin)
    assert deleted.status_code == 204


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/a.b"), ("PUT", "/a.b"), ("DELETE", "/a.b"), ("GET", "/a.b/history")]
)
async def test_settings_are_for_admins(server: Serving, method: str, path: str) -> None:
    body = {"value": 1} if method == "PUT" else None
    anonymous = await server.client.request(method, SETTINGS + path, json=body)
    assert_problem(anonymous, 401, "UNAUTHORIZED")
    for headers in (server.bearer("w1"), server.machine):
        refused = await server.client.request(method, SETTINGS + path, json=body, headers=headers)
        assert_problem(refused, 403, "PERMISSION_DENIED")


BAD: list[tuple[str, str, int, str, str]] = [
    ("a.b", "{}", 400, "INVALID_REQUEST", "value"),
    ("a.b", '{"value":1,"expectedversion":0}', 400, "INVALID_REQUEST", "expectedversion"),
    ("a.b", '{"value":1,"visibility":"all"}', 400, "INVALID_REQUEST", "visibility"),
    ("a.b", '{"value":{"a":9007199254740992}}', 400, "INVALID_REQUEST", "value.a"),
    ("a.b", '{"value":12345678901234567890}', 400, "INVALID_REQUEST", "value"),
    ("a.b", '{"value":1e999}', 400, "INVALID_REQUEST", "value"),
    ("a.b", '{"value":"\\ud800"}', 400, "INVALID_REQUEST", "value"),
    ("A.B", '{"value":1}', 400, "INVALID_REQUEST", "key"),
    ("a%20b", '{"value":1}', 400, "INVALID_REQUEST", "key"),
    ("x" * 129, '{"value":1}', 400, "INVALID_REQUEST", "key"),
    ("chat.max_characters", '{"value":0}', 422, "VALIDATION_FAILED", "value"),
    ("a.b", '{"value":"' + "x" * 65536 + '"}', 422, "VALIDATION_FAILED", "value"),
]


@pytest.mark.parametrize(("key", "body", "status", "code", "field"), BAD)
async def test_bad_input_is_named(server: Serving, key: str, body: str, status: int, code: str, field: str) -> None:
    headers = {**server.admin, "Content-Type": "application/json"}
    answer = await server.client.put(f"{SETTINGS}/{key}", content=body, headers=headers)
    assert assert_problem(answer, status, code)["field"] == field


async def test_a_value_that_is_too_deep_is_no_message(server: Serving) -> None:
    headers = {**server.admin, "Content-Type": "application/json"}
    for levels in (32, 100_000):
        body = '{"value":' + "[" * levels + "]" * levels + "}"
        answer = await server.client.put(f"{SETTINGS}/a.b", content=body, headers=headers)
        assert_problem(answer, 400, "INVALID_MESSAGE")
