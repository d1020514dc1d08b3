"""The OpenAPI document: what generators and readers rely on."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from tests.http.openapi_document import SMALL_SENTENCE, fields_in, is_of_any_form, json_bodies, operations
from tests.http.serving import Serving

ANY_JSON = {
    *("SettingInForce.value", "SettingInForce.default", "SettingInForce.configured"),
    *("SettingInput.value", "Change.value"),
    *("AuditEntry.details", "ErrorInput.details", "NotificationInput.data"),
}
DOCUMENTS = {"get /asyncapi.json", "get /openapi.json"}
"""Their answers are too long for an example."""
VERBS = {
    *("get", "list", "create", "put", "post", "update", "delete", "enter", "withdraw", "change"),
    *("start", "end", "cancel", "verify", "refresh", "logout"),
}


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
        "get /api/v69/users",
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
        "get /api/v69/contests/{contest_id}/entries",
        "post /api/v69/contests/{contest_id}/entries",
        "put /api/v69/contests/{contest_id}/entries/me/portfolio",
        "delete /api/v69/contests/{contest_id}/entries/me",
        "get /api/v69/contests/{contest_id}/entries/me",
        "get /api/v69/contests/{contest_id}/entries/me/trades",
        "get /api/v69/contests/{contest_id}/entries/{wallet}",
        "patch /api/v69/contests/{contest_id}/entries/{wallet}",
        "get /api/v69/contests/{contest_id}/entries/{wallet}/trades",
        "delete /api/v69/contests/{contest_id}/chat/{message_id}",
        "get /api/v69/contests/{contest_id}/mutes",
        "put /api/v69/contests/{contest_id}/mutes/{wallet}",
        "delete /api/v69/contests/{contest_id}/mutes/{wallet}",
        "get /api/v69/audit",
        "post /api/v69/errors",
        "post /api/v69/notifications",
        "delete /api/v69/notifications/{notification_id}",
        "get /api/v69/alerts",
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
        "get /api/v69/tokens/sparklines",
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


def test_every_body_has_an_example_that_matches_its_schema(openapi: dict[str, Any]) -> None:
    for name, operation in operations(openapi):
        if name in DOCUMENTS:
            continue
        for body, content in json_bodies(operation):
            (example,) = content["examples"].values()
            assert example["summary"], (name, body)
            schema = {**content["schema"], "components": openapi["components"]}
            jsonschema.Draft202012Validator.check_schema(schema)
            jsonschema.Draft202012Validator(schema).validate(example["value"])


def test_an_example_of_a_refusal_has_the_status_that_it_is_an_example_of(openapi: dict[str, Any]) -> None:
    for name, operation in operations(openapi):
        for status, content in json_bodies(operation):
            if status.startswith("4"):
                (example,) = content["examples"].values()
                assert str(example["value"]["status"]) == status, name


def test_a_refusal_names_the_headers_that_say_what_to_do(openapi: dict[str, Any]) -> None:
    responses = dict(operations(openapi))["get /api/v69/contests"]["responses"]
    assert list(responses["429"]["headers"]) == ["Retry-After"]
    assert list(responses["401"]["headers"]) == ["WWW-Authenticate"]


def test_an_operation_requires_a_token_exactly_if_nobody_may_perform_it_without(openapi: dict[str, Any]) -> None:
    required = [name for name, operation in operations(openapi) if operation.get("security") == [{"bearer": []}]]
    assert {"post /api/v69/contests", "get /api/v69/users/me", "post /api/v69/auth/refresh"} < set(required)
    assert not {"get /api/v69/contests", "get /api/v69/tokens", "post /api/v69/auth/verify", "get /"} & set(required)


def test_a_body_is_required_unless_the_operation_works_without(openapi: dict[str, Any]) -> None:
    found = dict(operations(openapi))
    assert found["post /api/v69/contests"]["requestBody"]["required"] is True
    assert found["post /api/v69/contests/{contest_id}/start"]["requestBody"]["required"] is False


def test_answers_may_get_new_fields_but_bodies_of_requests_may_not(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    assert "additionalProperties" not in schemas["ContestView"]
    assert schemas["NewContest"]["additionalProperties"] is False


def test_every_field_parameter_and_header_is_described(openapi: dict[str, Any]) -> None:
    fields = {f"{name}.{field}": schema for name, field, schema in fields_in(openapi)}
    assert [name for name, schema in fields.items() if not schema.get("description")] == []
    for name, operation in operations(openapi):
        assert all(parameter["description"] for parameter in operation.get("parameters", [])), name
        for response in operation["responses"].values():
            assert all(header["description"] for header in response.get("headers", {}).values()), name


def test_each_sentence_of_a_description_begins_with_a_capital(openapi: dict[str, Any]) -> None:
    assert not SMALL_SENTENCE.findall(json.dumps(openapi))


def test_every_field_has_a_type_except_those_that_take_any_json(openapi: dict[str, Any]) -> None:
    untyped = {f"{name}.{field}" for name, field, schema in fields_in(openapi) if is_of_any_form(schema)}
    assert untyped == ANY_JSON


def test_every_list_of_a_page_has_typed_items(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    pages = {name: schema["properties"] for name, schema in schemas.items() if "count" in schema.get("properties", {})}
    lists = {name: fields["data"] for name, fields in pages.items() if "data" in fields}
    assert len(lists) >= 9
    assert [name for name, schema in lists.items() if "$ref" not in schema["items"]] == []


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
