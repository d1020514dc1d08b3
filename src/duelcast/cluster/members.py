"""The nodes of the cluster, as the leader knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Literal

import structlog
from msgspec import Struct, structs

import duelcast
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.records import EntryId
from duelcast.clock import Clock, time_ms
from duelcast.domain.operations.nodes import NodeServices, NodeState
from duelcast.logs import exception_fields

TURN_S = 1.0

log = structlog.get_logger("duelcast.leadership")


class _Heard(Struct, frozen=True):
    """The state of a node, and when its link was lost, by the monotonic clock; None if it is linked."""

    state: NodeState
    lost_s: float | None = None


class Members:
    """A node whose link has been lost for `absence_s` is no longer one; links end if their peers fall silent. `writer`
    knows the entries that nodes lack."""

    def __init__(self, name: str, writer: LogWriter, clock: Clock, *, absence_s: float) -> None:
        self._name = name
        self._writer = writer
        self._clock = clock
        self._absence_s = absence_s
        self._others: dict[str, _Heard] = {}
        self._since_ms = time_ms(clock)

    def begin(self) -> None:
        """The node leads from now on."""
        self._since_ms = time_ms(self._clock)

    def take(
        self,
        name: str,
        role: Literal["gateway", "candidate"],
        version: str,
        *,
        since_ms: int,
        connections: int,
        position: EntryId | None,
    ) -> None:
        """Take the state that a node reports."""
        state = NodeState(
            name=name,
            role=role,
            version=version,
            since_ms=since_ms,
            connections=connections,
            lag_ms=None if position is None else self._writer.lag_ms(position),
            term=None if position is None else position.term,
        )
        self._others[name] = _Heard(state)

    def lost(self, name: str) -> None:
        """Note that the link of a node has ended."""
        heard = self._others.get(name)
        if heard is not None:
            state = structs.replace(heard.state, is_linked=False)
            self._others[name] = _Heard(state, self._clock.monotonic())

    def present(self) -> Sequence[NodeState]:
        """All nodes, beginning with this one."""
        oldest_s = self._clock.monotonic() - self._absence_s
        self._others = {
            name: heard for name, heard in self._others.items() if heard.lost_s is None or heard.lost_s > oldest_s
        }
        return [self._own(), *(heard.state for heard in self._others.values() if heard.state.name != self._name)]

    async def run(self, services: NodeServices, channels: Callable[[], Iterable[str]]) -> None:
        """Show the nodes as services, until cancelled. `channels` returns the names of all channels, among which may be
        those of nodes that only an earlier leader has known."""
        cleans_at_s = self._clock.monotonic() + self._absence_s
        while True:
            try:
                services.show(self.present())
                if self._clock.monotonic() >= cleans_at_s:
                    cleans_at_s = inf
                    services.remove_others(channels())
            except Exception as error:
                log.error("defect", **exception_fields(error))
            await self._clock.sleep(TURN_S)

    def _own(self) -> NodeState:
        return NodeState(
            name=self._name,
            role="leader",
            version=duelcast.__version__,
            since_ms=self._since_ms,
            connections=0,
            lag_ms=self._writer.lag_ms(),
            term=self._writer.made.term,
        )
