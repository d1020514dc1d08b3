"""How a candidate comes to lead: it waits for a term."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from duelcast.clock import Clock
from duelcast.store.backend import TermLost
from duelcast.store.lease import Lease, LeaseUnavailable

LOOKS = 3
"""How often a leader looks after the log within the duration of its lease."""

log = structlog.get_logger("duelcast.leadership")


class Leadership:
    """A node's part in the leadership, by means of its `lease`."""

    def __init__(self, lease: Lease, clock: Clock) -> None:
        self._lease = lease
        self._clock = clock
        self._failure: str | None = None

    @property
    def term(self) -> int:
        """The number of this node's term; 0 if it has had none."""
        return self._lease.term or 0

    async def win(self, above: Callable[[], int] = lambda: 0, reaches_log: Callable[[], bool] = lambda: True) -> int:
        """Wait until this node can lead, and begin a term whose number is greater than `above` then; returns the
        number. Meanwhile, vouch for the log as long as this node `reaches_log`."""
        while True:
            try:
                term = await self._lease.take(above())
                if term is None and reaches_log():
                    await self._lease.vouch()
            except LeaseUnavailable as error:
                self._note(str(error))
                # A database that fails takes the session of the leader, too. The leader gets its lock back first.
                await self._clock.sleep(self._lease.duration_s)
                continue
            self._note(None)
            if term is not None:
                log.info("term_begun", term=term)
                return term

    async def lost(self) -> None:
        """Wait until another node has begun a later term; raises `TermLost` then."""
        await self._lease.lost()
        raise TermLost

    async def give_way(self, is_without_log: Callable[[], bool]) -> None:
        """Wait until this leader has been without the log for as long as a term lasts without renewal, while another
        node reaches the log; raises `TermLost` then. If no node reaches the log, another leader could not do better."""
        without_s = 0.0
        pause_s = self._lease.duration_s / LOOKS
        while without_s < self._lease.duration_s or not await self._is_vouched():
            await self._clock.sleep(pause_s)
            without_s = without_s + pause_s if is_without_log() else 0.0
        log.error("term_given_up", reason="This node does not reach the log, and another one does.")
        raise TermLost

    async def check(self) -> None:
        """Raises `TermLost` unless the database still has the term of this node, and `LeaseUnavailable`."""
        await self._lease.check()

    async def announce(self, address: str, epoch: str) -> None:
        """Let gateways find this node, which accepts links at `address` now. Raises `TermLost` and
        `LeaseUnavailable`."""
        await self._lease.announce(address, epoch)

    async def resign(self) -> None:
        """End the term, if there is one, so that another candidate has its term at once."""
        await self._lease.resign()

    async def _is_vouched(self) -> bool:
        try:
            return await self._lease.is_vouched()
        except LeaseUnavailable:
            return False

    def _note(self, failure: str | None) -> None:
        if failure is not None and failure != self._failure:
            log.error("lease_unavailable", reason=failure)
        self._failure = failure
