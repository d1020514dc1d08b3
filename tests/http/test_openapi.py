"""The OpenAPI document: what generators and readers rely on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.serving import Serving

VERBS = {
    *("get", "list", "create", "put", "post", "update", "delete", "enter", "withdraw", "change"),
    *("start", "end", "cancel", "verify", "refresh", "logout"),
}


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in openapi["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


@pytest.fixture
async def openapi(server: Serving) -> dict[str, Any]:
    document: dict[str, Any] = (await server.client.get("/openapi.json")).json()
    return document


def test_the_openapi_document_has_every_route_and_no_other(openapi: dict[str, Any]) -> None:
    assert {name for name, _ in operations(openapi)} == {
        "post /api/v69/auth/challenge",
        "post /api/v69/auth/verify",
        "post /api/v69/auth/refresh",
        "post /api/v69/auth/logout",
        "get /api/v69/users/me",
        "patch /api/v69/users/me",
        "get /api/v69/users/{wallet}",
        "put /api/v69/users/{wallet}",
        "get /api/v69/users/me/contests",
        "get /api/v69/contests",
        "post /api/v69/contests",
        "get /api/v69/contests/{contest_id}",
        "patch /api/v69/contests/{contest_id}",
        "post /api/v69/contests/{contest_id}/start",
        "post /api/v69/contests/{contest_id}/end",
        "post /api/v69/contests/{contest_id}/cancel",
        "get /api/v69/contests/{contest_id}/leaderboard",
        "get /api/v69/contests/{contest_id}/settlement",
        "post /api/v69/contests/{contest_id}/entries",
        "put /api/v69/contests/{contest_id}/entries/me/portfolio",
        "delete /api/v69/contests/{contest_id}/entries/me",
        "get /api/v69/contests/{contest_id}/entries/me",
        "get /api/v69/contests/{contest_id}/entries/me/trades",
        "get /api/v69/contests/{contest_id}/entries/{wallet}",
        "patch /api/v69/contests/{contest_id}/entries/{wallet}",
        "get /api/v69/contests/{contest_id}/entries/{wallet}/trades",
        "delete /api/v69/contests/{contest_id}/chat/{message_id}",
        "put /api/v69/contests/{contest_id}/mutes/{wallet}",
        "delete /api/v69/contests/{contest_id}/mutes/{wallet}",
        "get /api/v69/audit",
        "post /api/v69/errors",
        "post /api/v69/notifications",
        "delete /api/v69/notifications/{notification_id}",
        "get /api/v69/nodes",
        "get /api/v69/services",
        "get /api/v69/services/{name}",
        "put /api/v69/services/{name}",
        "delete /api/v69/services/{name}",
        "post /api/v69/services/{name}/operations",
        "get /api/v69/settings",
        "get /api/v69/settings/{key}",
        "put /api/v69/settings/{key}",
        "delete /api/v69/settings/{key}",
        "get /api/v69/settings/{key}/history",
        "get /api/v69/tokens",
        "get /api/v69/tokens/{symbol}",
        "put /api/v69/tokens/{symbol}",
        "get /api/v69/tokens/{symbol}/history",
        "post /api/v69/tokens/prices",
        "post /api/v69/tokens/trades",
        "get /",
        "get /healthz",
        "get /readyz",
        "get /metrics",
        "get /asyncapi.json",
        "get /openapi.json",
        "get /docs",
        "get /docs/clients",
    }


def test_every_operation_is_described_with_its_answers(openapi: dict[str, Any]) -> None:
    assert openapi["openapi"].startswith("3.1")
    assert len(list(operations(openapi))) > 50
    for name, operation in operations(openapi):
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        for parameter in operation.get("parameters", []):
            assert parameter["description"], name
        for status, response in operation["responses"].items():
            assert not response["description"].startswith(("Request fulfilled", "Bad request")), (name, status)
            if status.startswith("4"):
                assert list(response["content"]) == ["application/problem+json"], (name, status)


def test_every_operation_has_an_id_of_its_own_that_begins_with_a_verb(openapi: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(openapi)]
    assert len(ids) == len(set(ids))
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)*", name)] == []
    verbs = {re.match("[a-z]+", name).group() for name in ids}  # type: ignore[union-attr]  # matched above
    assert verbs == VERBS


def test_every_operation_has_one_tag_which_is_described(openapi: dict[str, Any]) -> None:
    described = {tag["name"] for tag in openapi["tags"] if tag["description"]}
    used = [operation["tags"] for _, operation in operations(openapi)]
    assert [tags for tags in used if len(tags) != 1] == []
    assert {tag for (tag,) in used} == described


@pytest.mark.parametrize(
    ("route", "name"),
    [
        ("post /api/v69/contests", "createContest"),
        ("post /api/v69/contests/{contest_id}/entries", "enterContest"),
        ("get /api/v69/contests/{contest_id}/entries/{wallet}", "getEntry"),
        ("get /api/v69/contests/{contest_id}/entries/me", "getMyEntry"),
        ("patch /api/v69/users/me", "updateMe"),
        ("get /api/v69/tokens/{symbol}/history", "getTokenHistory"),
    ],
)
def test_generated_functions_are_named_like_this(openapi: dict[str, Any], route: str, name: str) -> None:
    assert dict(operations(openapi))[route]["operationId"] == name


def test_bodies_are_described_as_strictly_as_they_are_read(openapi: dict[str, Any]) -> None:
    price = openapi["components"]["schemas"]["PostedPrice"]
    volume = {"type": "number", "minimum": 0, "maximum": 1e30}
    assert price["properties"]["volume_24h"]["anyOf"] == [volume, {"type": "null"}]
    assert price["additionalProperties"] is False
    assert list(price["patternProperties"]) == ["^_"]
    assert price["description"]


def test_the_document_cites_nothing_that_its_readers_lack(openapi: dict[str, Any]) -> None:
    assert "protocol " not in json.dumps(openapi)


def test_every_reference_of_the_document_leads_somewhere(openapi: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(openapi)))
    assert references
    assert references <= set(openapi["components"]["schemas"])
