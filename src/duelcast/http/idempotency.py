"""The header `Idempotency-Key`, with which a request may be repeated safely (protocol §13)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias, TypeVar

from litestar import MediaType, Response
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, SkipValidation

from duelcast.domain.idempotency import Asked, IdempotentRequests, Once, digest_of
from duelcast.errors import InvalidRequest
from duelcast.http.callers import CallerRequest, caller
from duelcast.store.idempotency import RequestName

REPLAYED = "Idempotency-Replayed"
_KEY_PATTERN = "^[!-~]{1,255}$"
_KEY = re.compile(r"[!-~]{1,255}")

T = TypeVar("T")

TheIdempotency: TypeAlias = NamedDependency[SkipValidation[IdempotentRequests]]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body "
        "within 24 hours take effect once, and get the first answer.",
        schema_extra={"minLength": 1, "maxLength": 255, "pattern": _KEY_PATTERN},
    ),
]
REPLAYED_HEADER = ResponseHeader(
    name=REPLAYED,
    value="true",
    documentation_only=True,
    description="`true` if this is the answer to an earlier request with the same `Idempotency-Key`.",
)


async def answer_once(
    request: CallerRequest,
    idempotency: IdempotentRequests,
    key: str | None,
    content: object,
    act: Callable[[Once | None], Awaitable[T]],
) -> Response[T]:
    """Answer a request with the result of `act`, which stores it with the right that it is given; if there is a `key`,
    only the first time. Raises as `IdempotentRequests.run` does, and `InvalidRequest` for an invalid key."""
    if key is None:
        return Response(await act(None))
    if not _KEY.fullmatch(key):
        raise InvalidRequest(
            "An `Idempotency-Key` has 1 to 255 visible ASCII characters; take a UUID.", field="Idempotency-Key"
        )
    name = RequestName(caller(request).wallet, "http", key)
    asked = Asked(name, f"{request.method} {request.scope['path']}", await digest_of(content))
    body, is_replay = await idempotency.run(asked, act)
    return Response(body, media_type=MediaType.JSON, headers={REPLAYED: "true"} if is_replay else None)  # type: ignore[arg-type]  # encoded already
