"""Makes the OpenAPI document from the handlers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from litestar import Litestar, Response, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import Components, License, SecurityScheme, Server, Tag

from duelcast.endpoints.documents.fields import schema_components
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
            Tag(name="Users", description="Nicknames, roles and bans."),
            Tag(name="Tokens", description="Tokens, prices and trades."),
            Tag(name="Audit", description="The audit trail."),
            Tag(name="Errors", description="Errors that services report."),
            Tag(name="Settings", description="Settings that change at run time."),
            Tag(name="Operations", description="Health, metrics and documents."),
        ],
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        security=_SECURITY,
        use_handler_docstrings=True,
    )
    provided = {name: Provide(lambda: None, sync_to_thread=False) for name in dependencies}
    app = Litestar(list(routers), dependencies=provided, openapi_config=config, logging_config=None)
    document = app.openapi_schema.to_schema()
    document["components"]["schemas"] = _schemas(app)
    return document


def _schemas(app: Litestar) -> dict[str, Any]:
    """The schemas of all bodies, made by msgspec, because those of the framework contain no limits or descriptions."""
    _, named = schema_components(dict.fromkeys([*_bodies(app), Problem]))
    return {name: _with_private_fields(schema) for name, schema in sorted(named.items())}


def _bodies(app: Litestar) -> Iterator[Any]:
    """The types that documented handlers accept and return."""
    handlers = (handler for route in app.routes for handler in getattr(route, "route_handlers", ()))
    for handler in handlers:
        if not isinstance(handler, HTTPRouteHandler) or not handler.resolve_include_in_schema():
            continue
        if handler.parsed_data_field is not None:
            yield handler.parsed_data_field.annotation
        given = handler.parsed_return_field
        yield given.inner_types[0].annotation if given.is_subclass_of(Response) else given.annotation


def _with_private_fields(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, changed to permit the client's own fields (`_…`); all other unknown fields are refused."""
    if schema.get("additionalProperties") is not False:
        return schema
    return {**schema, "patternProperties": {"^_": {"description": "A field of the client's own, which is ignored."}}}
