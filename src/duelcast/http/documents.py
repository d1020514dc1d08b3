"""Makes the OpenAPI document from the handlers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from litestar import Litestar, Response, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import Components, License, SecurityScheme, Server, Tag
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from duelcast.endpoints.documents.fields import opened, schema_components, with_private_members
from duelcast.http.callers import admins_only, users_only
from duelcast.http.examples import EXAMPLES
from duelcast.http.examples.refusals import refusal_example
from duelcast.http.problems import PROBLEM_MEDIA_TYPE, Problem

_DESCRIPTIONS = {
    400: "The body or a parameter is invalid; `field` names it.",
    401: "A valid bearer token is needed.",
    403: "Another role or scope is needed, or the wallet is banned.",
    404: "There is no such resource.",
    408: "The body was not complete in time (30 seconds by default).",
    409: "The current state, or an earlier request with the same key, does not permit this one; `code` says why.",
    413: "The body is too big; `detail` says how big it may be.",
    415: "The body is not declared as application/json.",
    422: "The request violates a rule; `code` says which.",
    429: "Too many requests; wait as long as `Retry-After` says.",
    503: "Temporarily unavailable: nothing was changed, unless `code` is `OUTCOME_UNKNOWN`.",
}

_HEADERS = {
    "Retry-After": {
        "description": "Seconds after which the same request may succeed.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"description": "The scheme of authentication: `Bearer`.", "schema": {"type": "string"}},
}
"""The headers of refusals that are described; a refusal has them if its example has them."""

_SECURITY: list[dict[str, list[str]]] = [{}, {"bearer": []}]


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """The `responses` of a handler that refuses with `statuses`."""
    return {
        status: ResponseSpec(
            Problem, generate_examples=False, description=_DESCRIPTIONS[status], media_type=PROBLEM_MEDIA_TYPE
        )
        for status in statuses
    }


def openapi_document(routers: Sequence[Router], version: str, *, dependencies: Iterable[str]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of `routers`, whose handlers may request `dependencies`.

    A separate application makes the document, so that the one that serves requests has none of the framework's
    documentation routes.
    """
    config = OpenAPIConfig(
        title="Duelcast HTTP API",
        version=version,
        description=(
            "This API supplies the data for the WebSocket endpoints, which /asyncapi.json describes. Refusals are "
            "problem details (RFC 9457). By default, a wallet, or an address without a token, may make 600 requests a "
            "minute; each 64 KiB of a body or an answer counts as one more request. Machines' tokens have no limit. A "
            "body may contain at most 10,000 JSON values (20,000 for notifications) or, if it is a list, at most "
            "10,000 rows."
        ),
        license=License(name="MIT", identifier="MIT"),
        servers=[Server(url="./", description="The server that served this document.")],
        tags=[
            Tag(
                name="Sign-in",
                description="Signing in with a Solana wallet; by default 10 requests a minute per address.",
            ),
            Tag(name="Users", description="Nicknames, roles and bans, and the contests of a user."),
            Tag(name="Contests", description="Contests, their participants, portfolios and leaderboards."),
            Tag(name="Tokens", description="Tokens, prices and trades."),
            Tag(name="Notifications", description="Notifications for some users or for everybody."),
            Tag(name="Settings", description="Settings that change at run time."),
            Tag(name="Services", description="Services inside and outside the server, and the server's nodes."),
            Tag(name="Errors", description="Errors that services report."),
            Tag(name="Audit", description="The audit trail."),
            Tag(name="Operations", description="Health, metrics and documents."),
        ],
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        security=_SECURITY,
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
    )
    provided = {name: Provide(lambda: None, sync_to_thread=False) for name in dependencies}
    app = Litestar(list(routers), dependencies=provided, openapi_config=config, logging_config=None)
    document = app.openapi_schema.to_schema()
    handlers = dict(_handlers(app))
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete(operation, handlers[path, method])
    document["components"]["schemas"] = _schemas(handlers.values())
    return document


def _handlers(app: Litestar) -> Iterator[tuple[tuple[str, str], HTTPRouteHandler]]:
    """The documented handlers, by path and method as the document spells them."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and handler.resolve_include_in_schema():
                for method in handler.http_methods:
                    yield (route.path_format, method.lower()), handler


def _operation_id(handler: HTTPRouteHandler, _method: Method, path: list[str | PathParameterDefinition]) -> str:
    """The name of `handler` in camelCase. If the handler serves both the caller (`me`) and other wallets, the operation
    for the caller has `My` behind the verb."""
    verb, *nouns = handler.handler_name.split("_")
    if len(handler.paths) > 1 and "me" in path:
        nouns = ["my", *nouns]
    return verb + "".join(map(str.capitalize, nouns))


def _complete(operation: dict[str, Any], handler: HTTPRouteHandler) -> None:
    """Add to `operation` whether it needs a token and a body, the headers of its refusals, and examples."""
    if {admins_only, users_only}.intersection(handler.resolve_guards()):
        operation["security"] = [{"bearer": []}]
    if handler.parsed_data_field is not None:
        operation["requestBody"]["required"] = not handler.parsed_data_field.is_optional
    (tag,) = operation["tags"]
    for status, response in operation["responses"].items():
        if PROBLEM_MEDIA_TYPE in response.get("content", {}):
            refusal = refusal_example(int(status), tag)
            response["headers"] = {name: _HEADERS[name] for name in refusal.headers if name in _HEADERS}
            _add_example(response, refusal.problem.code, msgspec.to_builtins(refusal.problem))
    example = EXAMPLES.get(operation["operationId"])
    if example is not None:
        _add_example(operation["responses"][str(handler.status_code)], example.summary, example.answer)
        if example.body is not None:
            _add_example(operation["requestBody"], example.summary, example.body)


def _add_example(described: dict[str, Any], summary: str, value: Any) -> None:
    """Add an example to a request body or a response, which has one media type."""
    (media_type,) = described["content"].values()
    media_type["examples"] = {"example": {"summary": summary, "value": value}}


def _schemas(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Any]:
    """The schemas of all bodies, made by msgspec, because those of the framework contain no limits or descriptions.

    Bodies of requests may have only the declared fields and the client's own (`_…`). Answers may get new fields.
    """
    known = list(dict.fromkeys(handlers))
    requests = [handler.parsed_data_field.annotation for handler in known if handler.parsed_data_field is not None]
    _, requested = schema_components(dict.fromkeys(requests))
    _, answered = schema_components(dict.fromkeys([*map(_answer_of, known), Problem]))
    schemas = {name: opened(schema) for name, schema in answered.items()}
    schemas |= {name: with_private_members(schema) for name, schema in requested.items()}
    return dict(sorted(schemas.items()))


def _answer_of(handler: HTTPRouteHandler) -> Any:
    given = handler.parsed_return_field
    return given.inner_types[0].annotation if given.is_subclass_of(Response) else given.annotation
