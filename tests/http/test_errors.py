"""Services that report their errors over HTTP (protocol §13, `POST /errors`)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.databases import rows_in
from tests.http.serving import Serving
from tests.http.test_problems import assert_problem
from tests.storing import moved_away

ERRORS = "/api/v69/errors"
ERROR: dict[str, Any] = {"service": "payments", "level": "error", "error": "The queue is full."}


def stored(server: Serving) -> list[tuple[Any, ...]]:
    """What another process sees of the committed rows: service, source, level, error, details, count."""
    query = "select service, source, level, error, details, count from error_records order by id"
    rows = rows_in(server.database_path, query)
    return [(*row[:4], json.loads(row[4]), row[5]) for row in rows]


async def test_an_error_is_stored_when_it_is_acknowledged(server: Serving) -> None:
    body = ERROR | {"source": "worker", "details": {"waiting": [7, None]}, "_note": "ours"}
    answer = await server.client.post(ERRORS, json=body, headers=server.admin)
    assert (answer.status_code, answer.json()) == (200, {"id": int(server.clock.time() * 1e6), "count": 1})
    assert stored(server) == [("payments", "worker", "error", "The queue is full.", {"waiting": [7, None]}, 1)]


async def test_an_equal_error_is_counted_in_the_same_record_and_stored_too(server: Serving) -> None:
    first = (await server.client.post(ERRORS, json=ERROR, headers=server.admin)).json()
    second = (await server.client.post(ERRORS, json=ERROR, headers=server.admin)).json()
    assert second == {"id": first["id"], "count": 2}
    assert stored(server) == [("payments", "payments", "error", "The queue is full.", {}, 2)]


async def test_a_machine_needs_the_scope(server: Serving) -> None:
    answer = await server.client.post(ERRORS, json=ERROR, headers=server.bearer("machine", scopes=["errors"]))
    assert answer.status_code == 200
    assert_problem(await server.client.post(ERRORS, json=ERROR), 401, "UNAUTHORIZED")
    for headers in (server.machine, server.bearer("w1")):
        assert_problem(await server.client.post(ERRORS, json=ERROR, headers=headers), 403, "PERMISSION_DENIED")


async def test_secrets_are_removed(server: Serving) -> None:
    body = ERROR | {
        "error": "login with password=hunter2",
        "source": "bob@example.com",
        "details": {"apiKey": "hunter2", "urls": ["https://bob:hunter2@example.com"]},
    }
    await server.client.post(ERRORS, json=body, headers=server.admin)
    assert stored(server) == [
        (
            "payments",
            "[removed]",
            "error",
            "login with password=[removed]",
            {"apiKey": "[removed]", "urls": ["https://[removed]@example.com"]},
            1,
        )
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service": "Payments"}, "service"),
        ({"service": "a" * 65}, "service"),
        ({"service": "a\n"}, "service"),
        ({"level": "fatal"}, "level"),
        ({"error": ""}, "error"),
        ({"error": "x" * 10_001}, "error"),
        ({"error": "\0"}, "error"),
        ({"source": "x" * 129}, "source"),
        ({"details": []}, "details"),
        ({"details": {"a": {"b": 2**53}}}, "details.a.b"),
        ({"details": {"a": "x" * 16_384}}, "details"),
        ({"sevice": "x"}, "sevice"),
    ],
)
async def test_a_field_at_fault_is_named(server: Serving, change: dict[str, Any], field: str) -> None:
    answer = await server.client.post(ERRORS, json=ERROR | change, headers=server.admin)
    assert assert_problem(answer, 400, "INVALID_REQUEST")["field"] == field
    assert stored(server) == []


async def test_details_that_are_nested_too_deeply_are_refused(server: Serving) -> None:
    for depth, status in ((28, 200), (29, 400), (10_000, 400)):
        body = '{"service":"a","level":"info","error":"x","details":{"a":' + "[" * depth + "]" * depth + "}}"
        headers = server.admin | {"Content-Type": "application/json"}
        answer = await server.client.post(ERRORS, content=body, headers=headers)
        assert answer.status_code == status


async def test_what_cannot_be_stored_is_not_acknowledged_and_changes_nothing(server: Serving) -> None:
    with moved_away(server.database_path):
        answer = await server.client.post(ERRORS, json=ERROR, headers=server.admin)
        assert_problem(answer, 503, "UNAVAILABLE")
        assert answer.headers["Retry-After"] == "1"
    await server.clock.advance(2)
    again = await server.client.post(ERRORS, json=ERROR, headers=server.admin)
    assert again.json()["count"] == 1
    assert stored(server) == [("payments", "payments", "error", "The queue is full.", {}, 1)]
