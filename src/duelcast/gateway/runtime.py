"""An endpoint and everything it needs to run."""

from __future__ import annotations

from duelcast.endpoints.kit import Endpoint
from duelcast.gateway.dispatch import Dispatcher
from duelcast.gateway.joining import JoinReader
from duelcast.gateway.limits import MessageLimits


class EndpointRuntime:
    """Shared by all connections of the endpoint."""

    __slots__ = ("dispatcher", "endpoint", "join_reader")

    def __init__(self, endpoint: Endpoint, limits: MessageLimits, join_reader: JoinReader) -> None:
        self.endpoint = endpoint
        self.dispatcher = Dispatcher(endpoint, limits)
        self.join_reader = join_reader
