"""A gateway's link to the leader, which is found and connected to again whenever it is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec
import structlog
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from duelcast.backoff import Backoff
from duelcast.channels.log_reader import DumpPiece, Dumps, DumpUnavailable
from duelcast.clock import Alarm, Clock
from duelcast.cluster.calls import CallFailed, LinkLost, Methods, Peer
from duelcast.cluster.desks import Leader
from duelcast.cluster.encryption import LinkTls
from duelcast.cluster.finding import Address
from duelcast.cluster.frames import Fault
from duelcast.cluster.link import Link
from duelcast.errors import AppError, OutcomeUnknown, Unavailable
from duelcast.http.upstream import AnswerCutOff

FIRST_RETRY_S, LONGEST_RETRY_S = 0.05, 0.25
RETRY_MS = 1_000

log = structlog.get_logger("duelcast.link")


FindLeader = Callable[[], Awaitable[Address | None]]
"""Returns the address of the present leader; None if there is none, or if nobody knows."""


class LeaderLink:
    """Calls the leader. `node` is the name of this node, which no other node has.

    A call waits for a leader for at most `wait_s`; connecting may take `connect_timeout_s`.
    """

    def __init__(
        self,
        find_leader: FindLeader,
        node: str,
        secret: bytes,
        clock: Clock,
        *,
        wait_s: float,
        connect_timeout_s: float,
        tls: LinkTls | None = None,
    ) -> None:
        self.introduce: Callable[[Peer], None] = lambda _peer: None
        """Called with each new leader, before any call."""
        self.methods = Methods()
        """The methods that this node offers the leader."""
        self.faults: Counter[Fault] = Counter()
        self._find_leader = find_leader
        self._node = node
        self._secret = secret
        self._clock = clock
        self._wait_s = wait_s
        self._connect_timeout_s = connect_timeout_s
        self._tls = None if tls is None else tls.connecting
        self._peer: Peer | None = None
        self._serving: Link | None = None
        self._term = 0
        """The term of the leader at its other end."""
        self._lost_s = clock.monotonic()
        """When the last link was lost, or when this object was made, by the monotonic clock."""
        self._waiting: dict[Alarm, None] = {}
        """In the order of the calls that wait."""

    @property
    def is_linked(self) -> bool:
        """Whether there is a link at present."""
        return self._peer is not None

    @property
    def away_s(self) -> float:
        """For how long there has been no link; 0 if there is one."""
        return 0.0 if self.is_linked else self._clock.monotonic() - self._lost_s

    async def run(self) -> None:
        """Keep linked, until cancelled."""
        backoff = Backoff(self._clock, first_s=FIRST_RETRY_S, longest_s=LONGEST_RETRY_S)
        while True:
            address = await self._find_leader()
            if address is not None and await self._serve(address):
                backoff.reset()
            await backoff.wait()

    def term_begun(self, term: int) -> None:
        """Note that a term has begun. The leader of an earlier one may hang, so that its silence would last for long
        before the link is given up."""
        if self._serving is not None and 0 < self._term < term:
            self._serving.frames.abort()

    # ── calls ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def call(self, method: str, body: bytes, *, repeatable: bool) -> bytes:
        """See `desks.Leader`."""
        ends_s = self._clock.monotonic() + self._wait_s
        while True:
            peer = await self._linked(ends_s)
            try:
                return await peer.call(method, body)
            except LinkLost as lost:
                if lost.was_sent and not repeatable:
                    raise _unknown() from None
            except CallFailed as failed:
                raise _failure(repeatable=repeatable or not failed.has_begun) from None

    async def stream(self, method: str, body: bytes, *, repeatable: bool) -> AsyncGenerator[bytes, None]:
        """The pieces of the leader's answer, of which there is at least one. Raises as `call` does before the first
        piece, and `AnswerCutOff` after it."""
        ends_s = self._clock.monotonic() + self._wait_s
        has_begun = False
        while not has_begun:
            peer = await self._linked(ends_s)
            try:
                async with aclosing(peer.stream(method, body)) as pieces:
                    async for piece in pieces:
                        has_begun = True
                        yield piece
                if not has_begun:
                    raise _failure(repeatable=repeatable)
            except LinkLost as lost:
                if has_begun:
                    raise AnswerCutOff from None
                if lost.was_sent and not repeatable:
                    raise _unknown() from None
            except CallFailed as failed:
                if has_begun:
                    raise AnswerCutOff from None
                raise _failure(repeatable=repeatable or not failed.has_begun) from None

    def notify(self, method: str, body: bytes) -> None:
        """See `desks.Leader`."""
        if self._peer is not None:
            self._peer.notify(method, body)

    async def dump(self) -> AsyncGenerator[DumpPiece, None]:
        """See `Dumps`."""
        try:
            peer = await self._linked(self._clock.monotonic() + self._wait_s)
        except Unavailable:
            raise DumpUnavailable("There is no link to a leader.") from None
        is_empty = True
        try:
            async with aclosing(peer.stream("dump")) as pieces:
                async for piece in pieces:
                    yield _decode_piece(piece)
                    is_empty = False
        except (LinkLost, CallFailed, msgspec.DecodeError):
            raise DumpUnavailable("The leader has not handed over its copy.") from None
        if is_empty:
            raise DumpUnavailable("The leader has handed over nothing.")

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily("duelcast_leader_linked", "Whether there is a link to the leader.", self.is_linked)
        faults = CounterMetricFamily("duelcast_leader_links_failed", "Links that were cut off.", labels=["reason"])
        for fault, count in self.faults.items():
            faults.add_metric([fault], count)
        yield faults

    async def _linked(self, ends_s: float) -> Peer:
        """The leader, for which this waits until `ends_s`. Raises `Unavailable`."""
        while self._peer is None:
            left_s = ends_s - self._clock.monotonic()
            if left_s <= 0:
                raise _unavailable()
            alarm = Alarm(self._clock)
            self._waiting[alarm] = None
            try:
                await alarm.sleep(left_s)
            finally:
                del self._waiting[alarm]
        return self._peer

    # ── the link ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _serve(self, address: Address) -> bool:
        """Connect, and return once the link is lost. Returns whether there was a link."""
        link = Link(
            self._secret,
            self._node,
            self.methods,
            self._clock,
            listens=False,
            faults=self.faults,
            linked=self._begin,
            ended=self._end,
        )
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: link.frames, address.host, address.port, ssl=self._tls
                )
        except (OSError, TimeoutError):
            return False
        self._serving, self._term = link, address.term
        try:
            await link.has_ended.wait()
        finally:
            self._serving = None
            link.frames.abort()
        return link.was_linked

    def _begin(self, link: Link) -> None:
        log.info("linked")
        self._peer = link.peer
        link.peer.closing = self._note_loss
        self.introduce(link.peer)
        for alarm in self._waiting:
            alarm.ring()

    def _end(self, link: Link) -> None:
        if link.was_linked:
            log.warning("link_lost")
            self._note_loss()

    def _note_loss(self) -> None:
        if self._peer is not None:
            self._peer = None
            self._lost_s = self._clock.monotonic()


def _unavailable() -> Unavailable:
    return Unavailable("There is no leader at the moment; nothing was changed. Try again.", retry_after_ms=RETRY_MS)


def _failure(*, repeatable: bool) -> AppError:
    if not repeatable:
        return _unknown()
    return Unavailable(
        "The leader cannot answer this at the moment; nothing was changed. Try again.", retry_after_ms=RETRY_MS
    )


def _unknown() -> OutcomeUnknown:
    return OutcomeUnknown(
        "The leader was lost while it ran this, which may have taken effect: repeat it with the same id, or look.",
        retry_after_ms=RETRY_MS,
    )


_decode_piece = msgspec.msgpack.Decoder(DumpPiece).decode

if TYPE_CHECKING:
    _conforms: tuple[type[Leader], type[Dumps]] = (LeaderLink, LeaderLink)
