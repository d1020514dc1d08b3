"""Contests: composes the parts that endpoints and the HTTP API use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from msgspec import Struct
from prometheus_client.core import GaugeMetricFamily, Metric

from duelcast.channels.broker import Broker
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.accounts.accounts import Account, Accounts
from duelcast.domain.audit import AuditTrail
from duelcast.domain.contests.chat import Chat, ChatSettings
from duelcast.domain.contests.clock import ContestClock
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.entering import Entering
from duelcast.domain.contests.events import ContestView
from duelcast.domain.contests.final_rows import FinalRows
from duelcast.domain.contests.lifecycle import Lifecycle
from duelcast.domain.contests.organising import Organising
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.price_vector import PriceVector
from duelcast.domain.contests.rooms import Rooms, RoomSettings
from duelcast.domain.contests.scorer import Scorer
from duelcast.domain.contests.scoring import Board
from duelcast.domain.contests.standings import Standings
from duelcast.domain.market.service import Market
from duelcast.errors import InvalidState, Outage
from duelcast.ratelimit import Allowance
from duelcast.store import contests as store
from duelcast.store.accounts import newest_change_ms
from duelcast.store.contests import CANCELLED, ContestRow, EntryRow, HoldingRow
from duelcast.store.database import Database


class ContestSettings(Struct, frozen=True, kw_only=True):
    """`leaderboard_interval_ms` is the minimum time between two rankings of a contest. `portfolio_changes_per_minute`
    applies to one wallet in one contest. `final_rows_waiting` limits the number of ended contests whose final rows are
    not published yet."""

    leaderboard_interval_ms: int = 1_000
    portfolio_changes_per_minute: float = 10
    final_rows_waiting: int = 1_000
    rate_limit_factor: float = 1
    rooms: RoomSettings = RoomSettings()
    chat: ChatSettings = ChatSettings()


class MutedWallet(Struct, frozen=True):
    """A wallet that may not write in a chat until `until_ms` (epoch) or, if that is None, until its mute is lifted."""

    wallet: str
    nickname: str | None
    until_ms: int | None


class Contests:
    """`book` has all contests. Admins use `organising` and `clock`, users use `entering`. `standings` has the ranks,
    `rooms` the presence, and `chat` the messages. `settings` may be replaced at any time."""

    def __init__(
        self,
        publisher: Publisher,
        broker: Broker,
        clock: Clock,
        database: Database,
        market: Market,
        accounts: Accounts,
        audit: AuditTrail,
        settings: ContestSettings,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._database = database
        self._market = market
        self._accounts = accounts
        self._prices = PriceVector()
        self.book = ContestBook()
        self.rooms = Rooms(publisher, clock, self.book.is_participant, lambda: self.settings.rooms)
        self.standings = Standings(database, clock, accounts, self.book, self._prices)
        self._outlet = ContestOutlet(publisher, broker, clock, self.book, self.rooms, self.standings.live_row)
        self.scorer = Scorer(
            clock, self.book, self._outlet, self._prices, lambda: self.settings.leaderboard_interval_ms
        )
        self.final_rows = FinalRows(clock, self.standings, self._outlet, lambda: self.settings.final_rows_waiting)
        lifecycle = Lifecycle(database, market, audit, self.book, self.scorer, self._outlet, self.final_rows)
        self.clock = ContestClock(clock, market, self.book, lifecycle, self.scorer, self._outlet)
        self.organising = Organising(
            database, market, audit, self.book, self.rooms, self.scorer, self._outlet, self._prices
        )
        changes = Allowance(
            clock,
            lambda: (self.settings.portfolio_changes_per_minute, self.settings.rate_limit_factor),
            lambda count: f"You may change your portfolio {count:g} times a minute in this contest: wait a little.",
        )
        self.entering = Entering(
            database, market, self.book, accounts, self.rooms, self.scorer, self._outlet, self.standings, changes
        )
        self.chat = Chat(clock, database, audit, lambda: self.settings.chat, self._chat_closed)
        market.listen(self.scorer.price_changed)
        accounts.on_change(self._account_changed)
        accounts.on_owner_change(self._nickname_changed_hands)

    async def load(self) -> None:
        """Load the stored contests, and catch up on missed starts and ends. Load the accounts and the market first."""
        async with self._database.read() as transaction:
            rows = await store.all_contests(transaction)
            counts = await store.participant_counts(transaction)
            self.book.names_changed(await newest_change_ms(transaction), self._new_version())
            for row in rows:
                contest = Contest(row, None, counts.get(row.id, 0))
                if contest.is_live:
                    entries = await store.entries_of(transaction, row.id)
                    held = await store.holdings_of_contest(transaction, row.id)
                    contest.board = self._board(row, entries, held)
                self.book.add(contest, self._market.wall_us() // 1000)
        for symbol in self._market.symbols():
            price = self._market.price(symbol)
            if price is not None:
                self._prices.set(symbol, price)
        await self.chat.load()
        for contest in self.book.live:
            await self.clock.remember_minute(contest)
            self.clock.watch(contest)
            self.scorer.touch(contest)
        # If the results cannot be stored now, the clock tries again when it runs.
        with suppress(Outage):
            await self.clock.settle_due()

    async def run(self) -> None:
        """Run all parts but the scorer and the clock, which are run separately, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for part in (self.rooms, self._outlet, self.final_rows):
                tasks.create_task(part.run())

    def view(self, contest: Contest, *, for_admin: bool) -> ContestView:
        """The contest as clients see it, with the fields for admins if `for_admin`."""
        return contest.view(self.rooms, self.chat.mutes.muted(contest.id) if for_admin else None)

    def mutes(self, contest_id: int, *, after_wallet: str, limit: int) -> list[MutedWallet]:
        """The first `limit` wallets after `after_wallet` that are muted now, sorted. Raises `ContestNotFound`."""
        contest, mutes = self.book[contest_id], self.chat.mutes
        later = [wallet for wallet in mutes.muted(contest.id) if wallet > after_wallet]
        return [
            MutedWallet(wallet, self._accounts.shown_nickname(wallet, None), mutes.until_ms(contest.id, wallet))
            for wallet in later[:limit]
        ]

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield from self.scorer.collect()
        yield from self.clock.collect()
        yield from self.final_rows.collect()
        statuses = GaugeMetricFamily("duelcast_contests", "Number of contests, by status.", labels=["status"])
        counts: dict[str, int] = {}
        for contest in self.book:
            counts[contest.row.status] = counts.get(contest.row.status, 0) + 1
        for status in ("pending", "active", "completed", "cancelled"):
            statuses.add_metric([status], counts.get(status, 0))
        yield statuses

    def _board(self, row: ContestRow, entries: list[EntryRow], held: dict[int, list[HoldingRow]]) -> Board:
        # The first version is a time in ms. A board is ranked far less than 1,000 times a second, so its versions
        # before a restart were lower.
        board = Board(row.starting_balance, self._prices, version=self._new_version())
        for entry in entries:
            nickname = self._accounts.shown_nickname(entry.wallet, entry.nickname)
            board.add(entry.wallet, nickname, entry.id, entry.entered_ms, held.get(entry.id, ()), entry.nickname)
            if entry.disqualified:
                board.disqualify(entry.wallet)
        return board

    def _account_changed(self, account: Account) -> None:
        self._names_changed()
        for contest in self.book.live:
            if contest.board is not None and account.wallet in contest.board:
                self._show_nickname(contest, contest.board, account.wallet)

    def _nickname_changed_hands(self, key: str) -> None:
        self._names_changed()
        for contest in self.book.live:
            if contest.board is not None:
                for wallet in contest.board.claimants(key):
                    self._show_nickname(contest, contest.board, wallet)

    def _names_changed(self) -> None:
        version = self._new_version()
        self.book.names_changed(version, version)

    def _show_nickname(self, contest: Contest, board: Board, wallet: str) -> None:
        if board.set_nickname(wallet, self._accounts.shown_nickname(wallet, board.claimed_nickname(wallet))):
            self.scorer.touch(contest)
            self._outlet.participant_changed(contest, wallet)

    def _new_version(self) -> int:
        """The market's current time of receipt (epoch ms). Unlike the wall clock, it never goes back, so a later
        version is never lower."""
        return self._market.receipt_us() // 1000

    def _chat_closed(self, contest_id: int) -> InvalidState | None:
        """The error to raise if nobody may write any more, or None. Raises `ContestNotFound`."""
        if self.book[contest_id].row.status == CANCELLED:
            return InvalidState("The contest was cancelled: its chat is closed.")
        return None
