"""The generated files of the client libraries are current, and their names and types are what a document says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from duelcast.cli.client_types import write
from duelcast.endpoints.documents import facts, python, python_channels, typescript
from duelcast.endpoints.documents.operations import read_operations
from duelcast.endpoints.documents.shapes import read_shapes

PROJECT = Path(__file__).resolve().parents[3]

Json = dict[str, Any]

STATUS: Json = {"enum": ["up", "down"]}
TEXT: Json = {"type": "string"}


def record(*optional: str, **members: Json) -> Json:
    """The schema of an object; members that are not `optional` are required."""
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required, "description": "A thing."}


def message(type_: str, *optional: str, **members: Json) -> Json:
    return record(*optional, type={"const": type_}, **members)


def document(schemas: Json, **endpoints: Json) -> Json:
    """An AsyncAPI document. An endpoint has `commands`, each with the names of its answers' schemas by the name of its
    own, and may have `pushes`, `operation` (members of each operation) and `families`."""
    channels, operations = {}, {}
    for endpoint, parts in endpoints.items():
        names = [*parts["commands"], *(name for names in parts["commands"].values() for name in names)]
        names += [*parts.get("pushes", ()), "ErrorReply"]
        channels[endpoint] = {
            "address": f"/ws/{endpoint}",
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
            "bindings": {"ws": {"query": {"properties": {}}}},
            "x-auth": "token",
            "x-channels": parts.get("families", []),
        }
        for command, replies in parts["commands"].items():
            operations[f"{endpoint}.{command}"] = {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{endpoint}"},
                "messages": [{"$ref": f"#/channels/{endpoint}/messages/{command}"}],
                "reply": {"messages": [{"$ref": f"#/channels/{endpoint}/messages/{name}"} for name in replies]},
                "x-error-codes": ["INVALID_REQUEST"],
                "x-safe": False,
                "x-joins": [],
                "x-leaves": [],
            } | parts.get("operation", {})
    schemas = schemas | {"ErrorReply": message("error", code=TEXT)}
    return {
        "channels": channels,
        "operations": operations,
        "components": {
            "schemas": schemas,
            "messages": {
                name: {
                    "name": schema["properties"]["type"]["const"],
                    "payload": {"$ref": f"#/components/schemas/{name}"},
                    "deprecated": schema.get("deprecated", False),
                }
                for name, schema in schemas.items()
                if "const" in schema["properties"].get("type", {})
            },
        },
        "x-error-codes": [
            {"code": "INVALID_REQUEST", "x-retriable": False},
            {"code": "UNAVAILABLE", "x-retriable": True},
        ],
        "x-close-codes": [{"code": 1000, "reconnect": False}, {"code": 1001, "reconnect": True}],
    }


def family(name: str, *events: str, group: str | None = None, **members: Any) -> Json:
    """A family of channels, as in a document."""
    return {
        "name": name,
        "group": group,
        "parameters": {
            parameter: {"type": "string", "pattern": "^[a-z]+$"} for parameter in re.findall(r"{(\w+)}", name)
        },
        "events": events,
        "snapshotEvents": [],
        "groupSnapshotEvents": [],
        "who": "anyone",
        "description": "Things.",
    } | members


def trading(*families: Json, **endpoints: Json) -> Json:
    """A document of the endpoint `shop` with `families`, and with others."""
    schemas = {"Ask": message("ask"), "AReply": message("a"), "NewsPush": message("news"), "AllPush": message("all")}
    parts = {"commands": {"Ask": ["AReply"]}, "pushes": ["NewsPush", "AllPush"]}
    return document(
        schemas, shop=parts | {"families": families}, **{name: parts | each for name, each in endpoints.items()}
    )


def channels_of(root: Json) -> str:
    """The Python module `channels` of a document, on one line."""
    return " ".join(python_channels.channels(read_shapes(root)).split())


def typescript_of(root: Json) -> str:
    """`messages.ts` of a document, on one line."""
    return " ".join(typescript.messages(read_shapes(root)).split())


def python_of(root: Json) -> str:
    """The Python modules of a document, on one line."""
    return " ".join("\n".join(python.modules(read_shapes(root)).values()).split())


def asked_and_answered(asked: Json, answered: Json, **schemas: Json) -> Json:
    """A document of one endpoint with one command and its answer."""
    return document({"Ask": asked, "AnswerReply": answered, **schemas}, shop={"commands": {"Ask": ["AnswerReply"]}})


def test_the_generated_files_are_current(tmp_path: Path) -> None:
    write(tmp_path)
    ruff = [sys.executable, "-m", "ruff", "format", "--quiet", "--config", f"{PROJECT}/pyproject.toml", f"{tmp_path}"]
    subprocess.run(ruff, check=True)
    written = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if path.is_file()]
    for path in written:
        assert (PROJECT / path).read_text() == (tmp_path / path).read_text(), f"{path} is stale: run `make docs`"
    for folder in {path.parent for path in written}:
        files = {path.relative_to(PROJECT) for path in (PROJECT / folder).iterdir() if path.is_file()}
        assert files == {path for path in written if path.parent == folder}, f"{folder} has leftovers: run `make docs`"


def test_files_that_are_not_generated_any_more_are_removed(tmp_path: Path) -> None:
    write(tmp_path)
    current = set(tmp_path.rglob("*"))
    for folder in {path.parent for path in current if path.is_file()}:
        (folder / "old.txt").touch()
    write(tmp_path)
    assert set(tmp_path.rglob("*")) == current


def test_a_client_may_send_only_known_values_and_the_server_may_add_some() -> None:
    root = asked_and_answered(message("ask", status=STATUS), message("answer", status=STATUS))
    assert 'export interface Ask { status: "up" | "down"; }' in typescript_of(root)
    assert 'export interface Answer { type: "answer"; status: "up" | "down" | (string & {}); }' in typescript_of(root)
    assert 'status: Literal["up", "down"]' in python_of(root)
    assert 'status: str """Known values: `up`, `down`."""' in python_of(root)


def test_the_forms_of_a_message_are_one_type_in_which_their_differences_are_optional() -> None:
    schemas = {
        "Ask": message("ask"),
        "NewsReply": message("news", "requestId", text=TEXT, requestId=TEXT),
        "NewsPush": message("news", text=TEXT, channel=TEXT),
    }
    root = document(schemas, shop={"commands": {"Ask": ["NewsReply"]}, "pushes": ["NewsPush"]})
    assert (
        'export interface News { type: "news"; text: string; requestId?: string; channel?: string; }'
        in typescript_of(root)
    )
    assert 'class News(Message, frozen=True, kw_only=True, tag="news"): """A thing.""" text: str class' in python_of(
        root
    )


def test_forms_that_differ_in_a_member_are_refused() -> None:
    schemas = {"Ask": message("ask"), "NewsReply": message("news", id=TEXT), "NewsPush": message("news", id=STATUS)}
    root = document(schemas, shop={"commands": {"Ask": ["NewsReply"]}, "pushes": ["NewsPush"]})
    with pytest.raises(ValueError, match="the forms differ in `id`"):
        read_shapes(root)


def test_different_messages_of_one_name_get_the_names_of_their_endpoints() -> None:
    schemas = {
        "a.Ask": message("ask"),
        "b.Ask": message("ask", text=TEXT),
        "a.AnswerReply": message("answer"),
        "b.AnswerReply": message("answer"),
    }
    root = document(
        schemas, shop={"commands": {"a.Ask": ["a.AnswerReply"]}}, bar={"commands": {"b.Ask": ["b.AnswerReply"]}}
    )
    shop, bar = read_shapes(root).endpoints
    assert [(each.shape.name, each.reply) for each in (*shop.commands, *bar.commands)] == [
        ("ShopAsk", "Answer"),
        ("BarAsk", "Answer"),
    ]


def test_two_messages_of_an_endpoint_must_not_have_one_type() -> None:
    schemas = {"Ask": message("ask"), "AReply": message("answer", a=TEXT), "BReply": message("answer", b=TEXT)}
    root = document(schemas, shop={"commands": {"Ask": ["AReply", "BReply"]}})
    with pytest.raises(ValueError, match="shop: two messages have the type `answer`"):
        read_shapes(root)


def test_deprecated_commands_and_members_are_left_out() -> None:
    old = message("old", "text", text=TEXT | {"deprecated": True}) | {"deprecated": True}
    schemas = {"Ask": message("ask", "text", text=TEXT | {"deprecated": True}), "Old": old, "AReply": message("a")}
    (shop,) = read_shapes(document(schemas, shop={"commands": {"Ask": ["AReply"], "Old": ["AReply"]}})).endpoints
    assert [(command.type, command.shape.fields) for command in shop.commands] == [("ask", [])]


def test_null_is_left_out_of_a_command_if_it_means_the_same_as_nothing() -> None:
    optional = {"anyOf": [TEXT, {"type": "null"}]}
    asked = message("ask", "a", "b", a=optional | {"default": None}, b=optional)
    root = asked_and_answered(asked, message("answer"))
    assert "{ a?: string | undefined; b?: string | null | undefined; }" in typescript_of(root)
    assert "a: str | None = None b: UnsetType | str | None = UNSET" in python_of(root)


def test_channels_are_templates_and_deliver_the_messages_of_their_family() -> None:
    stock = family("stock.{id}.{size}", "news", group="stock.*", groupSnapshotEvents=["all"])
    assert (
        '"stock.{id}.{size}": { name: `stock.${string}.${string}` | "stock.*"; push: News | All; };'
        in typescript_of(trading(stock))
    )


@pytest.mark.parametrize(
    ("channels", "printed"),
    [
        (family("stock.news", "news"), 'STOCK_NEWS: Channel[Literal["shop"], News] = Channel("stock.news")'),
        (family("news", "news", snapshotEvents=["all"]), 'NEWS: Channel[Literal["shop"], News | All] ='),
        (
            family("stock.sold.{itemId}", "news"),
            'def stock_sold(item_id: str) -> Channel[Literal["shop"], News]: """Things. Anyone may follow it."""'
            ' return Channel(f"stock.sold.{item_id}")',
        ),
        (
            family("stock.{id}", "news", parameters={"id": {"type": "string", "pattern": "^[1-9][0-9]{0,15}$"}}),
            "def stock(id: int) ->",
        ),
        (
            family("stock.{id}", "news", group="stock.*", groupSnapshotEvents=["all"]),
            'STOCK_ALL: Channel[Literal["shop"], News | All] = Channel("stock.*")',
        ),
        (family("stock.{id}", "news", group="stocks"), 'STOCKS: Channel[Literal["shop"], News] = Channel("stocks")'),
        (
            family("stock.{id}", "news", group="shelf.{id}"),
            'def shelf(id: str) -> Channel[Literal["shop"], News]: """A group of channels `stock.{id}`.',
        ),
    ],
)
def test_a_channel_has_a_constant_or_a_function_in_python(channels: Json, printed: str) -> None:
    assert printed in channels_of(trading(channels))


def test_a_channel_of_several_endpoints_is_accepted_by_each() -> None:
    stock = family("stock.{id}", "news")
    assert 'def stock(id: str) -> Channel[Literal["shop", "bar"], News]:' in channels_of(
        trading(stock, bar={"families": [stock]}, pub={})
    )


def test_two_channels_must_not_have_one_name_in_python() -> None:
    with pytest.raises(ValueError, match=r"`stock.news` and `stock_news` have the same name in Python"):
        channels_of(trading(family("stock.news", "news"), family("stock_news", "news")))


def test_a_command_in_python_names_the_endpoints_that_take_it() -> None:
    schemas = {"Ask": message("ask"), "Buy": message("buy"), "Ping": message("ping"), "AReply": message("a")}
    both, one = {"Ping": ["AReply"], "Buy": ["AReply"]}, {"Ping": ["AReply"]}
    printed = python_of(
        document(schemas, shop={"commands": both | {"Ask": ["AReply"]}}, bar={"commands": both}, pub={"commands": one})
    )
    assert 'class Ask(Command[A, Literal["shop"]],' in printed
    assert 'class Buy(Command[A, Literal["shop", "bar"]],' in printed
    assert "class Ping(Command[A, str]," in printed


def test_the_command_of_the_only_endpoint_is_no_command_of_every_endpoint() -> None:
    assert 'class Ask(Command[Answer, Literal["shop"]],' in python_of(
        asked_and_answered(message("ask"), message("answer"))
    )


def test_an_endpoint_that_needs_no_token_is_public() -> None:
    schemas = {"Ask": message("ask"), "AReply": message("a")}
    asked = document(schemas, shop={"commands": {"Ask": ["AReply"]}})
    asked["channels"]["shop"]["x-auth"] = "public"
    assert "shop: { isPublic: true }," in facts.typescript_facts(read_shapes(asked))


@pytest.mark.parametrize(
    ("operation", "fact"),
    [
        ({}, 'once: ["ask"]'),
        ({"x-safe": True}, "shop: {},"),
        ({"x-idempotency-key": "id"}, 'shop: { keys: { ask: "id" } },'),
        ({"x-safe": True, "x-joins": ["stock.{id}"]}, 'joins: { ask: ["stock.{id}"] }'),
        ({"x-safe": True, "x-leaves": ["stock.{id}"]}, 'leaves: { ask: ["stock.{id}"] }'),
    ],
)
def test_the_facts_at_run_time_are_what_differs_from_the_usual(operation: Json, fact: str) -> None:
    schemas = {"Ask": message("ask", id=TEXT), "AReply": message("a")}
    shapes = read_shapes(document(schemas, shop={"commands": {"Ask": ["AReply"]}, "operation": operation}))
    printed = facts.typescript_facts(shapes)
    assert fact in printed
    assert "  shop: {},\n};" in printed.partition("COMMANDS")[0]
    assert 'RETRIABLE: readonly string[] = ["UNAVAILABLE"];' in printed
    assert "FINAL: readonly number[] = [1000];" in printed


def test_the_commands_that_the_typescript_client_handles_by_itself_have_no_facts() -> None:
    schemas = {"Join": message("join_contest_room"), "AReply": message("a")}
    shop = {"commands": {"Join": ["AReply"]}, "operation": {"x-safe": True, "x-joins": ["stock.{id}"]}}
    assert "shop: {}," in facts.typescript_facts(read_shapes(document(schemas, shop=shop)))


def test_the_facts_for_python_are_those_of_each_command() -> None:
    schemas = {"Ask": message("ask", id=TEXT), "AReply": message("a")}
    operation = {"x-safe": True, "x-joins": ["stock.{id}"]}
    families = [family("stock.{id}", "a", group="stock.*")]
    shop = {"commands": {"Ask": ["AReply"]}, "operation": operation, "families": families}
    printed = facts.python_facts(read_shapes(document(schemas, shop=shop)))
    assert "'ask': CommandFacts(safe=True, joins=('stock.{id}',))" in printed
    assert 'EndpointName: TypeAlias = Literal["shop"]' in printed
    assert "EndpointFacts(path='/ws/shop', auth='token', groups={'stock.*': 'stock.'}," in printed


def http_document(**schemas: Json) -> Json:
    """An OpenAPI document with one operation, which is answered with `Thing`."""
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
    operation = {
        "operationId": "getThing",
        "summary": "One thing",
        "parameters": [
            {"name": "from", "in": "query", "required": False, "schema": {"oneOf": [TEXT, {"type": "null"}]}},
        ],
        "responses": {"200": body},
    }
    return {
        "paths": {"/api/things/{id}": {"get": operation}, "/docs": {"get": operation}},
        "components": {"schemas": {"Problem": record(code=TEXT), **schemas}},
    }


def test_an_operation_has_its_parameters_and_its_answer() -> None:
    http = read_operations(http_document(Thing=record(id=TEXT)), [])
    assert (
        'getThing: { method: "GET"; path: "/api/things/{id}"; parameters: { from?: string | undefined; };'
        " body: undefined; response: Thing; };" in " ".join(typescript.operations(http).split())
    )
    assert 'from_: str | None = field(default=None, name="from")' in python.operations(http)


def test_a_record_of_messages_is_used_again_if_it_is_the_same_over_http() -> None:
    thing = {"$ref": "#/components/schemas/Thing"}
    shapes = read_shapes(asked_and_answered(message("ask"), message("answer", thing=thing), Thing=record(id=TEXT)))
    assert read_operations(http_document(Thing=record(id=TEXT)), shapes.records).shared == {"Thing"}
    with pytest.raises(ValueError, match="the record Thing of the HTTP API differs"):
        read_operations(http_document(Thing=record(id=STATUS)), shapes.records)
