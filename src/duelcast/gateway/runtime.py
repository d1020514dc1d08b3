"""An endpoint and everything it needs to run."""

from __future__ import annotations

from duelcast.clock import Clock
from duelcast.desk.port import Desk
from duelcast.endpoints.kit import Endpoint
from duelcast.gateway.dispatch import Dispatcher
from duelcast.gateway.limits import MessageLimits


class EndpointRuntime:
    """The parts that all connections of an endpoint share."""

    __slots__ = ("desk", "dispatcher", "endpoint")

    def __init__(self, endpoint: Endpoint, limits: MessageLimits, desk: Desk, clock: Clock) -> None:
        self.endpoint = endpoint
        self.desk = desk
        self.dispatcher = Dispatcher(endpoint, limits, desk, clock)
