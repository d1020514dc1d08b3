"""Mutes: wallets that may not write in a contest."""

from __future__ import annotations

from duelcast.clock import Clock, time_ms
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.contests.errors import ContestNotFound, Muted
from duelcast.errors import InvalidRequest
from duelcast.store import chat as store
from duelcast.store import contests
from duelcast.store.chat import MuteRow
from duelcast.store.database import Database, Transaction
from duelcast.wire.timestamps import format_time


class Mutes:
    """A mute is in effect once `mute` has returned, and expires by itself. Times are in epoch milliseconds."""

    def __init__(self, database: Database, clock: Clock, audit: AuditTrail) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._until_ms: dict[int, dict[str, int | None]] = {}
        """The end of each mute by contest and wallet; None if the mute has no end."""

    async def load(self) -> None:
        """Read the stored mutes. Call this once, before the first use."""
        async with self._database.read() as transaction:
            for mute in await store.all_mutes(transaction):
                self._remember(mute)

    def refusal(self, contest_id: int, wallet: str) -> Muted | None:
        """The error to raise if the wallet may not write in that contest, or None."""
        mutes = self._until_ms.get(contest_id)
        if mutes is None or wallet not in mutes:
            return None
        until_ms = mutes[wallet]
        if until_ms is None:
            return Muted("An admin muted you in this contest.")
        remaining_ms = until_ms - time_ms(self._clock)
        if remaining_ms <= 0:
            return None
        return Muted("An admin muted you in this contest for a while.", retry_after_ms=remaining_ms)

    def muted(self, contest_id: int) -> list[str]:
        """The wallets that are muted in that contest now, sorted."""
        return sorted(wallet for wallet in self._until_ms.get(contest_id, ()) if self.refusal(contest_id, wallet))

    def until_ms(self, contest_id: int, wallet: str) -> int | None:
        """When the mute of that wallet, which must be muted, ends; None if it lasts until it is lifted."""
        return self._until_ms[contest_id][wallet]

    async def mute(self, contest_id: int, wallet: str, until_ms: int | None, actor: Actor) -> None:
        """Mute the wallet until `until_ms` or, if that is None, until the mute is lifted. Replaces an earlier mute.

        Raises `InvalidRequest` if `until_ms` is not in the future, `ContestNotFound`, `Unavailable`.
        """
        now_ms = time_ms(self._clock)
        if until_ms is not None and until_ms <= now_ms:
            raise InvalidRequest("A mute must end in the future: give a later time, or none.", field="until")
        mute = MuteRow(contest_id, wallet, until_ms)

        async def work(transaction: Transaction) -> MuteRow:
            if await contests.find_contest(transaction, contest_id) is None:
                raise ContestNotFound("There is no such contest.")
            await store.put_mute(transaction, mute, actor.wallet, now_ms)
            until = None if until_ms is None else format_time(until_ms / 1000)
            await self._audit.record(transaction, actor, "mutes.put", _target(contest_id, wallet), {"until": until})
            return mute

        await self._database.write(work, self._remember)

    async def unmute(self, contest_id: int, wallet: str, actor: Actor) -> None:
        """Lift a mute; nothing happens if there is none. Raises `ContestNotFound`, `Unavailable`."""

        async def work(transaction: Transaction) -> None:
            if await contests.find_contest(transaction, contest_id) is None:
                raise ContestNotFound("There is no such contest.")
            if await store.delete_mute(transaction, contest_id, wallet):
                await self._audit.record(transaction, actor, "mutes.delete", _target(contest_id, wallet), {})

        await self._database.write(work, lambda _: self._forget(contest_id, wallet))

    async def delete_ended(self) -> None:
        """Delete expired mutes. Raises `Unavailable`."""
        now_ms = time_ms(self._clock)
        ended = [
            (contest_id, wallet)
            for contest_id, mutes in self._until_ms.items()
            for wallet, until_ms in mutes.items()
            if until_ms is not None and until_ms <= now_ms
        ]

        async def work(transaction: Transaction) -> None:
            await store.delete_ended_mutes(transaction, now_ms)

        def committed(_: None) -> None:
            for contest_id, wallet in ended:
                if self.refusal(contest_id, wallet) is None:
                    self._forget(contest_id, wallet)

        if ended:
            await self._database.write(work, committed)

    def _remember(self, mute: MuteRow) -> None:
        self._until_ms.setdefault(mute.contest_id, {})[mute.wallet] = mute.until_ms

    def _forget(self, contest_id: int, wallet: str) -> None:
        mutes = self._until_ms.get(contest_id, {})
        mutes.pop(wallet, None)
        if not mutes:
            self._until_ms.pop(contest_id, None)


def _target(contest_id: int, wallet: str) -> str:
    return f"contests/{contest_id}/mutes/{wallet}"
