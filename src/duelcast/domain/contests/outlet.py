"""Publishes states, leaderboards and rows of participants. Changes of states and rows are published at most once per
interval."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from duelcast.channels.broker import Broker
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.conflation import Conflator
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.events import (
    CONTEST,
    LEADERBOARD,
    PARTICIPANT,
    PUBLIC_CONTESTS,
    ContestRemoved,
    ContestState,
    Leaderboard,
    LeaderboardRow,
    LeaderboardUpdate,
    Participant,
    ParticipantUpdate,
)
from duelcast.domain.contests.rooms import Rooms
from duelcast.domain.contests.scoring import TOP_ROWS
from duelcast.store.contests import ACTIVE
from duelcast.wire.timestamps import format_time

STATE_INTERVAL_MS = 1_000
PARTICIPANT_INTERVAL_MS = 1_000


class ContestOutlet:
    """Publishes changes. `live_row` returns the row of a participant in a live contest, or None if the wallet has
    none."""

    def __init__(
        self,
        publisher: Publisher,
        broker: Broker,
        clock: Clock,
        book: ContestBook,
        rooms: Rooms,
        live_row: Callable[[Contest, str], Participant | None],
    ) -> None:
        self._publisher = publisher
        self._broker = broker
        self._clock = clock
        self._book = book
        self._rooms = rooms
        self._live_row = live_row
        self._states = Conflator(clock, lambda: STATE_INTERVAL_MS, self._push_state)
        self._participants = Conflator(clock, lambda: PARTICIPANT_INTERVAL_MS, self._push_participant)
        book.on_change(lambda contest: self._states.offer(contest.id))

    async def run(self) -> None:
        """Publish changes as their intervals allow, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._states.run())
            tasks.create_task(self._participants.run())

    def ranked(self, contest: Contest) -> None:
        """Call this after a board was ranked. Publishes the top if it changed, and the followed rows that changed."""
        board = contest.board
        assert board is not None
        top = board.take_top()
        if top is not None:
            self.leaderboard(contest, top, board.total, board.version)
        for wallet in board.take_changed(self.followed(contest.id)):
            self._participants.offer_later((contest.id, wallet))

    def leaderboard(self, contest: Contest, top: list[LeaderboardRow], total: int, version: int) -> None:
        """Publish the top of a contest."""
        page = Leaderboard(
            contestId=contest.id,
            entries=top,
            offset=0,
            limit=TOP_ROWS,
            total=total,
            version=version,
            updatedAt=format_time(self._clock.time()),
        )
        self._publisher.publish(
            LEADERBOARD.channel(str(contest.id)), LeaderboardUpdate(contestId=contest.id, data=page)
        )

    def participant_changed(self, contest: Contest, wallet: str) -> None:
        """Call this after the portfolio or the status of a participant changed."""
        if f"{wallet}.{contest.id}" in self._broker.followed(PARTICIPANT, str(contest.id)):
            if contest.board is not None:
                # The next ranking need not publish this row again.
                contest.board.mark_published(wallet)
            self._participants.offer((contest.id, wallet))

    def participants_changed(self, contest: Contest) -> None:
        """Call this after the status of all participants changed."""
        board = contest.board
        for wallet in self.followed(contest.id):
            if board is not None and wallet in board:
                self._participants.offer_later((contest.id, wallet))

    def participant(self, contest_id: int, wallet: str, row: Participant) -> None:
        """Publish the row of a participant."""
        self._publisher.publish(
            PARTICIPANT.channel(f"{wallet}.{contest_id}"),
            ParticipantUpdate(contestId=contest_id, wallet=wallet, data=row),
        )

    def removed(self, contest: Contest) -> None:
        """Publish that the contest left the default list."""
        self._publisher.publish(PUBLIC_CONTESTS.channel(), ContestRemoved(contestId=contest.id))

    def is_followed(self, contest_id: int) -> bool:
        """Whether somebody follows the row of any participant of the contest."""
        return bool(self._broker.followed(PARTICIPANT, str(contest_id)))

    def followed(self, contest_id: int) -> list[str]:
        """The wallets whose rows in a contest somebody follows."""
        ending = len(f".{contest_id}")
        return [parameter[:-ending] for parameter in self._broker.followed(PARTICIPANT, str(contest_id))]

    def _push_state(self, contest_id: int) -> bool:
        contest = self._book[contest_id]
        if contest.row.status == ACTIVE and not contest.is_running:
            # The contest has ended, but its result is not stored yet. The end is published together with the result.
            return False
        state = ContestState(contestId=contest.id, data=contest.view(self._rooms))
        self._publisher.publish(CONTEST.channel(str(contest_id)), state)
        if self._book.is_listed(contest.id):
            self._publisher.publish(PUBLIC_CONTESTS.channel(), state)
        return True

    def _push_participant(self, key: tuple[int, str]) -> bool:
        contest_id, wallet = key
        contest = self._book[contest_id]
        if contest.board is None:
            return False
        row = self._live_row(contest, wallet) or Participant(isParticipant=False, walletAddress=wallet)
        self.participant(contest.id, wallet, row)
        return True
