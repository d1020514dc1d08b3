"""The document: whole, valid, and the same each time."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from xstate_statemachine.eda import load_asyncapi_schema

from duelcast.channels.names import Family, Kind, Role
from duelcast.endpoints.context import Context
from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.documents.codes import error_codes
from duelcast.endpoints.documents.messages import all_messages
from duelcast.endpoints.documents.model import LIVENESS_PER_MINUTE, describe
from duelcast.endpoints.kit import KIB, Auth, Endpoint
from duelcast.endpoints.registry import find_endpoints
from duelcast.gateway import limits
from duelcast.wire.messages import Command, Event, message_type
from tests.e2e.arena import make_arena
from tests.endpoints.documents.described import Document
from tests.http.openapi_document import SMALL_SENTENCE

PUBLIC = list(find_endpoints().values())
ALL = [*PUBLIC, make_arena("arena"), make_arena("members", auth=Auth.TOKEN, public_name="lobby")]
DOCUMENT = Document(ALL)


@pytest.fixture(params=ALL, ids=lambda endpoint: endpoint.name)
def endpoint(request: pytest.FixtureRequest) -> Endpoint:
    found: Endpoint = request.param
    return found


# ── the whole ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("endpoints", [PUBLIC, ALL], ids=["public", "all"])
def test_it_is_valid_by_the_official_schema(endpoints: list[Endpoint]) -> None:
    schema = load_asyncapi_schema()
    assert schema["$schema"].startswith("http://json-schema.org/draft-07/schema")
    validator = jsonschema.Draft7Validator(schema)
    assert [error.message for error in validator.iter_errors(Document(endpoints).root)] == []


def test_its_schemas_are_valid_json_schemas() -> None:
    schemas = DOCUMENT.root["components"]["schemas"].values()
    assert len(schemas) > 100
    for schema in schemas:
        jsonschema.Draft7Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    references = list(DOCUMENT.references())
    assert len(references) > 100
    for reference in references:
        assert DOCUMENT.resolve(reference) is not None


def test_the_order_of_the_endpoints_changes_nothing() -> None:
    assert msgspec.json.encode(asyncapi(describe(ALL))) == msgspec.json.encode(asyncapi(describe(reversed(ALL))))


def test_descriptions_neither_cite_sections_of_the_contract_nor_keep_the_indentation_of_the_source() -> None:
    text = json.dumps(DOCUMENT.root)
    assert "(protocol" not in text
    assert "\\n    " not in text


def test_each_sentence_of_a_description_begins_with_a_capital() -> None:
    assert not SMALL_SENTENCE.findall(json.dumps(DOCUMENT.root))


# ── endpoints ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_endpoint_has_its_path_and_its_limits(endpoint: Endpoint) -> None:
    channel = DOCUMENT.root["channels"][endpoint.name]
    assert channel["address"] == f"/api/v69/ws/{endpoint.name}"
    assert channel["x-limits"] == {
        "maxMessageBytes": endpoint.max_message_bytes,
        "messagesPerMinute": endpoint.messages_per_minute,
        "heartbeatsPerMinute": 60,
    }


def test_heartbeats_have_the_limit_that_the_gateway_gives_them() -> None:
    assert LIVENESS_PER_MINUTE == limits.LIVENESS_PER_MINUTE


def test_the_query_names_what_the_endpoint_takes() -> None:
    def names(name: str) -> list[str]:
        return list(DOCUMENT.root["channels"][name]["bindings"]["ws"]["query"]["properties"])

    assert names("market-data") == ["token", "channel", "since"]
    assert names("members") == ["token", "auth", "endpoint", "channel", "since"]


def test_channels_are_listed_with_kind_key_messages_and_right() -> None:
    rows = {row["name"]: row for row in DOCUMENT.root["channels"]["arena"]["x-channels"]}
    assert rows["board.{board}"] == {
        "name": "board.{board}",
        "parameters": {"board": {"type": "string", "pattern": "^[a-z0-9]{1,8}$"}},
        "group": "board.*",
        "kind": "latest",
        "key": ["player"],
        "events": ["score", "player_left"],
        "snapshotEvents": [],
        "groupSnapshotEvents": [],
        "who": "anyone",
        "description": "Scores of a board.",
    }
    assert (rows["note.{room}"]["kind"], rows["note.{room}"]["group"]) == ("every", None)
    assert (rows["backstage"]["who"], rows["backstage"]["parameters"]) == ("admins", {})


@pytest.mark.parametrize(
    ("endpoint", "name", "group", "parameters", "key"),
    [
        ("market-data", "market.{symbol}", "market.*", ["symbol"], ["type", "data.interval"]),
        ("contest", "participant.{wallet}.{contestId}", None, ["wallet", "contestId"], []),
        ("contest", "presence.{contestId}", None, ["contestId"], ["user.wallet"]),
        ("circuit-breaker", "service.{service}", "services", ["service"], []),
        ("system-settings", "setting.{key}", "category.{category}", ["key", "category"], []),
        ("monitor", "system.settings", None, [], ["data.*"]),
    ],
)
def test_names_are_templates_and_keys_are_paths(
    endpoint: str, name: str, group: str | None, parameters: list[str], key: list[str]
) -> None:
    (row,) = (row for row in DOCUMENT.root["channels"][endpoint]["x-channels"] if row["name"] == name)
    assert (row["group"], list(row["parameters"]), row["key"]) == (group, parameters, key)


@pytest.mark.parametrize(
    ("endpoint", "name", "further", "further_of_group"),
    [
        ("contest", "public.contests", ["all_contests"], []),
        ("contest", "chat.{contestId}", [], []),
        ("circuit-breaker", "service.{service}", [], ["services:state"]),
        ("system-settings", "setting.{key}", ["setting"], ["category_settings"]),
    ],
)
def test_messages_that_only_snapshots_contain_are_listed_apart(
    endpoint: str, name: str, further: list[str], further_of_group: list[str]
) -> None:
    (row,) = (row for row in DOCUMENT.root["channels"][endpoint]["x-channels"] if row["name"] == name)
    assert (row["snapshotEvents"], row["groupSnapshotEvents"]) == (further, further_of_group)


@pytest.mark.parametrize(
    ("name", "is_valid"), [("SOL", True), ("YFI-BTC", True), ("sol", False), ("", False), ("*", False)]
)
def test_the_grammar_of_a_parameter_is_a_schema(name: str, is_valid: bool) -> None:
    (row,) = (row for row in DOCUMENT.root["channels"]["token-data"]["x-channels"] if row["name"] == "token.{symbol}")
    assert jsonschema.Draft7Validator(row["parameters"]["symbol"]).is_valid(name) is is_valid


def test_names_that_are_refused_lead_to_their_successors() -> None:
    assert DOCUMENT.root["channels"]["arena"]["x-successors"] == {"OLD_WRITE": "write"}


def test_every_successor_is_a_command_of_the_same_endpoint(endpoint: Endpoint) -> None:
    replaced = [spec.successor for spec in endpoint.commands.values() if spec.successor is not None]
    assert {*endpoint.successors.values(), *replaced} <= endpoint.commands.keys()


@pytest.mark.parametrize("name", ["subscribe_tokens", "unsubscribe_tokens", "authenticate"])
def test_an_old_name_is_deprecated_and_leads_to_its_successor(name: str) -> None:
    successors = {"subscribe_tokens": "SUBSCRIBE_SYMBOLS", "unsubscribe_tokens": "UNSUBSCRIBE_SYMBOLS"}
    message = DOCUMENT.messages("token-data")[name]
    assert (message["deprecated"], message["x-successor"]) == (True, successors.get(name, "auth"))
    assert DOCUMENT.resolve(message["payload"]["$ref"])["deprecated"] is True


def fields_of(endpoint: str, message: str) -> dict[str, Any]:
    fields: dict[str, Any] = DOCUMENT.resolve(DOCUMENT.messages(endpoint)[message]["payload"]["$ref"])["properties"]
    return fields


def test_old_fields_are_deprecated() -> None:
    for endpoint in ("market-data", "token-data"):
        properties = fields_of(endpoint, "subscribe")
        assert {name for name, field in properties.items() if field.get("deprecated")} == {"symbols", "tokens"}
        properties = fields_of(endpoint, "ping")
        assert {name for name, field in properties.items() if field.get("deprecated")} == {"data"}


def test_every_close_code_tells_whether_to_come_back() -> None:
    rows = {row["code"]: row["reconnect"] for row in DOCUMENT.root["x-close-codes"]}
    come_back = {1001, 1008, 1011, 1012, 1013, 4001, 4008}
    stay_away = {1000, 1002, 1003, 1007, 1009, 4003}
    assert rows == dict.fromkeys(come_back, True) | dict.fromkeys(stay_away, False)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_command_is_received_under_each_of_its_names(endpoint: Endpoint) -> None:
    received = DOCUMENT.operation_messages(endpoint.name, "receive")
    names = {name for spec in endpoint.commands.values() for name in (spec.name, *spec.old_names)}
    assert received == {_key(name) for name in names}
    assert {DOCUMENT.messages(endpoint.name)[key]["name"] for key in received} == names


def test_every_command_is_linked_to_its_replies_and_to_the_error_of_its_endpoint(endpoint: Endpoint) -> None:
    assert endpoint.commands
    for spec in endpoint.commands.values():
        operation = DOCUMENT.root["operations"][f"{endpoint.name}.{_key(spec.name)}"]
        answers = [DOCUMENT.resolve(DOCUMENT.resolve(one["$ref"])["$ref"]) for one in operation["reply"]["messages"]]
        assert [one["name"] for one in answers] == [
            *(message_type(reply) for reply in dict.fromkeys(spec.replies)),
            endpoint.error_type,
        ]


def _key(name: str) -> str:
    """Keys of a document have no colon."""
    return name.replace(":", "_")


def test_every_push_is_sent(endpoint: Endpoint) -> None:
    sent = {DOCUMENT.messages(endpoint.name)[key]["name"] for key in DOCUMENT.operation_messages(endpoint.name, "send")}
    for rule in endpoint.access_rules.values():
        assert {message_type(event) for event in rule.family.events} <= sent
    assert {"connection_established", "session_updated", "subscription_confirmed", endpoint.error_type} <= sent


def test_every_message_is_sent_or_received(endpoint: Endpoint) -> None:
    sent, received = (DOCUMENT.operation_messages(endpoint.name, action) for action in ("send", "receive"))
    assert sent | received == DOCUMENT.messages(endpoint.name).keys()
    assert not sent & received


def test_no_message_takes_the_place_of_another(endpoint: Endpoint) -> None:
    keys = [message.key for message in all_messages(endpoint)]
    assert len(keys) == len(set(keys))


def test_every_message_says_what_it_is(endpoint: Endpoint) -> None:
    if endpoint in PUBLIC:
        assert all(message["summary"] for message in DOCUMENT.messages(endpoint.name).values())


def test_every_field_of_every_message_and_record_is_described() -> None:
    schemas = Document(PUBLIC).root["components"]["schemas"]
    fields = {
        f"{name}.{field}": schema
        for name, described in schemas.items()
        for field, schema in described.get("properties", {}).items()
        if field != "type"
    }
    assert len(fields) > 900
    assert not [name for name, schema in fields.items() if not _meaning(schema, schemas)]


def _meaning(field: dict[str, Any], schemas: dict[str, Any]) -> str:
    """What a field means, as it says itself or the schema that it refers to."""
    own = field.get("description") or schemas.get(field.get("$ref", "").rpartition("/")[2], {}).get("description")
    return str(own or "")


def test_a_command_names_its_least_role_and_its_errors() -> None:
    operation = DOCUMENT.root["operations"]["arena.announce"]
    assert operation["x-least-role"] == "admin"
    assert {"UNAUTHORIZED", "PERMISSION_DENIED", "INVALID_REQUEST"} <= set(operation["x-error-codes"])
    assert "security" in operation
    public = DOCUMENT.root["operations"]["token-data.get_token"]
    assert public["x-least-role"] == "anonymous"
    assert "TOKEN_NOT_FOUND" in public["x-error-codes"]
    assert "security" not in public


def test_a_command_is_safe_if_it_only_reads_or_follows() -> None:
    operations = {
        (endpoint.name, name): DOCUMENT.root["operations"][f"{endpoint.name}.{_key(name)}"]
        for endpoint in PUBLIC
        for name in endpoint.commands
    }
    assert {name for (_, name), operation in operations.items() if not operation["x-safe"]} == {
        *("auth", "track_event", "update_setting", "service_command", "send_chat_message", "set_admin_presence"),
        *("mark_read", "mark_all_read", "service:health_check", "service:reset_circuit_breaker"),
    }
    keys = {name: operation.get("x-idempotency-key") for (_, name), operation in operations.items()}
    assert {name: key for name, key in keys.items() if key is not None} == {
        "send_chat_message": "messageId",
        "track_event": "eventId",
        "service_command": "commandId",
    }
    assert "messageId" in fields_of("contest", "send_chat_message")


def test_errors_that_pass_are_retriable() -> None:
    assert {row["code"] for row in DOCUMENT.root["x-error-codes"] if row["x-retriable"]} == {
        *("RATE_LIMIT_EXCEEDED", "TOO_MANY_CONNECTIONS", "MAINTENANCE", "UNAVAILABLE", "OUTCOME_UNKNOWN"),
        "COMMAND_IN_PROGRESS",
    }


@pytest.mark.parametrize("name", ["mark_read", "mark_all_read", "get_unread", "get_notifications"])
def test_commands_on_the_inbox_say_that_the_store_may_be_out_of_reach(name: str) -> None:
    assert "UNAVAILABLE" in DOCUMENT.root["operations"][f"notifications.{name}"]["x-error-codes"]


def test_every_error_code_of_an_endpoint_is_explained(endpoint: Endpoint) -> None:
    explained = {row["code"] for row in DOCUMENT.root["x-error-codes"] if row["description"]}
    assert set(DOCUMENT.root["channels"][endpoint.name]["x-error-codes"]) <= explained


def test_a_code_that_no_error_has_is_found_out() -> None:
    with pytest.raises(LookupError):
        error_codes({"NO_SUCH_CODE"})


def test_old_names_are_deprecated_and_name_their_successor() -> None:
    messages = DOCUMENT.messages("token-data")
    for old, new in {"subscribe_tokens": "SUBSCRIBE_SYMBOLS", "authenticate": "auth"}.items():
        schema = DOCUMENT.resolve(messages[old]["payload"]["$ref"])
        assert messages[old]["deprecated"] is True
        assert messages[old]["x-successor"] == new
        assert new in messages[old]["summary"]
        assert schema["properties"]["type"] == {"const": old}
    assert not [name for name in ("SUBSCRIBE_SYMBOLS", "auth") if "deprecated" in messages[name]]
    assert "subscribe_tokens" not in DOCUMENT.messages("market-data")


def test_two_events_of_one_type_are_two_messages() -> None:
    of_market_data = DOCUMENT.messages("market-data")["token_update.push"]["payload"]
    of_token_data = DOCUMENT.messages("token-data")["token_update.push"]["payload"]
    assert of_market_data != of_token_data


def test_names_with_characters_that_keys_may_not_have_are_described_too() -> None:
    class HealthCheck(Command, tag="service:health_check"):
        """Asks."""

    class HealthChecked(Event, tag="service:health_check_result"):
        """Answers."""

    endpoint = Endpoint("health", "For tests.", auth=Auth.ADMIN, max_message_bytes=KIB, messages_per_minute=1)
    endpoint.opens(Family("health", Kind.LATEST, (HealthChecked,), "Health."))

    def check(_context: Context, _command: HealthCheck) -> HealthChecked:
        return HealthChecked()

    check.__annotations__ = {"return": HealthChecked}
    endpoint.command(HealthCheck, least_role=Role.ADMIN)(check)
    document = Document([endpoint])
    assert document.keys_of("health", {"type": "service:health_check"}) == ["service_health_check"]
    assert document.root["operations"]["health.service_health_check"]["title"] == "service:health_check"
    schema = load_asyncapi_schema()
    jsonschema.Draft7Validator(schema).validate(document.root)
