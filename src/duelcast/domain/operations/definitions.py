"""Definitions of services that are not the server's own (protocol 13, `PUT /services`)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.check import CheckDefinition
from duelcast.domain.operations.events import NAME_PATTERN, Name
from duelcast.errors import InvalidRequest

DEFAULT_SILENT_AFTER_MS = 60_000


def is_name(text: str) -> bool:
    """Whether `text` may name a service or a layer."""
    return re.fullmatch(NAME_PATTERN, text) is not None


class ServiceDefinition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A service. `probe`: the server checks it by `check`. `reported`: it posts its own operations, and is unhealthy
    when it posts none for `silentAfterMs` (60,000)."""

    kind: Literal["probe", "reported"]
    layer: Name
    displayName: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    description: Annotated[str, Meta(max_length=2_000)] | None = None
    version: Annotated[str, Meta(max_length=64)] | None = None
    dependencies: Annotated[tuple[Name, ...], Meta(max_length=100, description="Names of other services.")] = ()
    check: CheckDefinition | None = None
    circuit_breaker: BreakerSettings = BreakerSettings()
    silentAfterMs: Annotated[int, Meta(ge=1_000, le=86_400_000)] | None = None

    def verify(self) -> None:
        """Raises `errors.InvalidRequest` for fields that contradict one another."""
        if self.kind == "probe" and self.check is None:
            raise InvalidRequest("A probe needs a `check`.", field="check")
        if self.kind == "reported" and self.check is not None:
            raise InvalidRequest("A service that reports itself takes no `check`.", field="check")
        if self.kind == "probe" and self.silentAfterMs is not None:
            raise InvalidRequest("`silentAfterMs` is for services that report themselves.", field="silentAfterMs")
        if len(set(self.dependencies)) != len(self.dependencies):
            raise InvalidRequest("Name each dependency once.", field="dependencies")
