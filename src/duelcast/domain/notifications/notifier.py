"""Notifies wallets of stored events of their contests, and counts these towards achievements (protocol §10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import msgspec
from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, Metric

from duelcast.channels.publisher import Published
from duelcast.clock import Alarm, Clock
from duelcast.domain.achievement_rules import counted, is_win, level_of, unlocked, xp_of
from duelcast.domain.notifications import notices
from duelcast.domain.notifications.inboxes import Inboxes, NewNotification
from duelcast.errors import Outage
from duelcast.store import achievements, key_values
from duelcast.store import contests as store
from duelcast.store.achievements import AchievementRow, ProgressRow
from duelcast.store.contests import ContestRow, EntryRow
from duelcast.store.database import Database, Transaction
from duelcast.store.events import StoredEvent, events_after

LOOK_INTERVAL_S = 5.0
"""How long `run` waits for a wake-up before it looks for events anyway, or tries again after the store was
unreachable."""
PORTION = 500
"""How many entries or events are processed in one write. The number is limited because other writes wait meanwhile."""
NEWS_MS = 24 * 3600 * 1000
"""Nobody is notified of events that are older than this; they still count towards achievements."""

_KINDS = ("contest_started", "contest_completed", "contest_cancelled", "participant_disqualified")


class NotifierProgress(Struct, frozen=True):
    """The ids up to which the notifier is done: all domain events up to `event`, and the contest entries of the next
    event up to `entry`."""

    event: int = 0
    entry: int = 0


class _Done(Struct, frozen=True):
    events: int
    notices: int
    stored: int


class Notifier:
    """Processes the domain events in order, portion by portion. One write stores everything that a portion leads to
    (notifications, progress, achievements) and the position after the portion, so that nothing is stored twice or lost
    if the notifier is interrupted.

    An event that fails because of a defect is not skipped: `run` raises, and begins with the same portion when it is
    run again.
    """

    def __init__(self, database: Database, inboxes: Inboxes, clock: Clock) -> None:
        self._database = database
        self._inboxes = inboxes
        self._clock = clock
        self._alarm = Alarm(clock)
        self._events = 0
        self._notices = 0

    def wake(self) -> None:
        """Look for new events at once."""
        self._alarm.ring()

    async def run(self) -> None:
        """Process all events as they arrive, until cancelled; may be run again."""
        while True:
            # If the store is unreachable, the next round tries again.
            with suppress(Outage):
                await self.catch_up()
            await self._alarm.sleep(LOOK_INTERVAL_S)

    async def catch_up(self) -> None:
        """Process all stored events. Raises `Unavailable`."""
        while await self._has_work():
            await self._database.publish(self._do_portion, self._committed)

    def figures(self) -> Mapping[str, float | None]:
        """Counts since the start of the server."""
        return {"events": self._events, "notifications": self._notices}

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield CounterMetricFamily("duelcast_notifier_events", "Domain events that were processed.", value=self._events)
        yield CounterMetricFamily(
            "duelcast_notifier_notifications", "Notifications made from domain events.", value=self._notices
        )

    async def _has_work(self) -> bool:
        async with self._database.read() as transaction:
            position = await find_progress(transaction)
            return bool(await events_after(transaction, position.event, 1))

    async def _do_portion(self, transaction: Transaction) -> Published[_Done]:
        # Read within the write, because an earlier write whose caller was stopped may have moved the position.
        position = await find_progress(transaction)
        events = await events_after(transaction, position.event, PORTION)
        event = next((one for one in events if one.kind in _KINDS), None)
        if event is not None:
            made, reached = await self._portion(transaction, event, position.entry)
        else:
            made, reached = [], NotifierProgress(events[-1].id) if events else position
        notices = made if event is not None and self._is_news(event) else []
        added = await self._inboxes.add(transaction, notices)
        await key_values.put_value(transaction, key_values.NOTIFIER, msgspec.to_builtins(reached))
        done = _Done(sum(one.id <= reached.event for one in events), len(notices), added.stored)
        return Published(done, added.outgoing)

    async def _portion(
        self, transaction: Transaction, event: StoredEvent, after_entry: int
    ) -> tuple[list[NewNotification], NotifierProgress]:
        """Process a part of an event: store the achievements, if any; return the notifications and the position after
        the part."""
        contest = await store.find_contest(transaction, event.contest_id)
        assert contest is not None
        if event.kind == "participant_disqualified":
            assert event.wallet is not None
            return [notices.participant_disqualified(contest, event.wallet)], NotifierProgress(event.id)
        entries = await store.participants_after(transaction, contest.id, after_entry, PORTION)
        if event.kind == "contest_completed":
            made = await _count_completion(transaction, event, contest, entries)
        elif event.kind == "contest_cancelled":
            made = [notices.contest_cancelled(contest, entry.wallet, event.data["reason"]) for entry in entries]
        else:
            made = [notices.contest_started(contest, entry.wallet) for entry in entries]
        is_last = len(entries) < PORTION
        return made, NotifierProgress(event.id) if is_last else NotifierProgress(event.id - 1, entries[-1].id)

    def _is_news(self, event: StoredEvent) -> bool:
        return self._clock.time() * 1000 - event.at_ms < NEWS_MS

    def _committed(self, done: _Done) -> None:
        self._events += done.events
        self._notices += done.notices
        self._inboxes.stored += done.stored


async def _count_completion(
    transaction: Transaction, event: StoredEvent, contest: ContestRow, entries: Sequence[EntryRow]
) -> list[NewNotification]:
    """Count a completed contest towards the achievements of the participants `entries`: store each participant's
    progress and new achievements, and return the notifications for all of this."""
    participants: int = event.data["participants"]
    wallets = [entry.wallet for entry in entries]
    progress = await achievements.progress_of(transaction, wallets)
    achieved = await achievements.achievements_of(transaction, wallets)
    made: list[NewNotification] = []
    advanced: list[ProgressRow] = []
    added: list[AchievementRow] = []
    for entry in entries:
        wallet = entry.wallet
        now = counted(progress.get(wallet) or ProgressRow(wallet), won=is_win(entry.final_rank, participants))
        held = {row.achievement for row in achieved.get(wallet, ())}
        rules = unlocked(now, held)
        advanced.append(now)
        added += [AchievementRow(wallet, rule.achievement, event.id, event.at_ms) for rule in rules]
        made.append(notices.contest_completed(contest, entry, participants))
        made += [notices.achievement_unlocked(rule, wallet) for rule in rules]
        xp_before = xp_of(held)
        xp = xp_before + sum(rule.tier.xp for rule in rules)
        if level_of(xp) > level_of(xp_before):
            made.append(notices.level_up(wallet, level_of(xp), xp))
    await achievements.put_progress(transaction, advanced)
    await achievements.add_achievements(transaction, added)
    return made


async def find_progress(transaction: Transaction) -> NotifierProgress:
    """The stored position, or the beginning if none is stored."""
    stored = await key_values.find_value(transaction, key_values.NOTIFIER)
    return NotifierProgress() if stored is None else msgspec.convert(stored, NotifierProgress)
