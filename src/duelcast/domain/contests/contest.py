"""All contests, in memory: their stored rows, participants and public records."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from duelcast.domain.contests.errors import ContestNotFound
from duelcast.domain.contests.events import ContestStatus, ContestView, Payout
from duelcast.domain.contests.listing import Listing, Place, place_of
from duelcast.domain.contests.rooms import Rooms
from duelcast.domain.contests.scoring import Board
from duelcast.store.contests import ACTIVE, PENDING, ContestRow
from duelcast.wire.timestamps import format_ms

LISTED_AFTER_END_MS = 24 * 3600 * 1000
"""How long an ended contest stays in the default list."""


class Contest:
    """`row` is the stored contest. While the contest is pending or active, `board` has the participants; afterwards
    `board` is None."""

    __slots__ = ("_participants", "board", "final_version", "row")

    def __init__(self, row: ContestRow, board: Board | None, participants: int = 0) -> None:
        self.row = row
        self.board = board
        self.final_version = row.updated_ms
        """The version of the leaderboard once the contest has ended. `close` makes it higher than every version that
        the live board had; normally it is `row.updated_ms`, so that a restart does not change it. After a nickname
        change, `ContestBook.final_version` may return a higher one."""
        self._participants = participants

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def participants(self) -> int:
        """The number of entries that are not disqualified."""
        return self._participants if self.board is None else self.board.total

    @property
    def is_live(self) -> bool:
        """Whether the contest is pending or active."""
        return self.row.status in (PENDING, ACTIVE)

    @property
    def is_running(self) -> bool:
        """Whether portfolios change in value and may be changed. False once the closing prices have been recorded
        (`ended_ms` is set), even if the status is still active."""
        return self.row.status == ACTIVE and self.row.ended_ms is None

    @property
    def boundary_ms(self) -> int | None:
        """The time of the next start or end (epoch ms); None if the contest has neither ahead."""
        if self.row.status == PENDING:
            return self.row.start_ms
        return self.row.end_ms if self.is_running else None

    @property
    def delisted_ms(self) -> int | None:
        """The time at which the contest leaves the default list (epoch ms); None while it is live."""
        if self.is_live:
            return None
        return (self.row.ended_ms or self.row.updated_ms) + LISTED_AFTER_END_MS

    @property
    def place(self) -> Place:
        """The contest's place in lists."""
        return place_of(is_over=not self.is_live, start_ms=self.row.start_ms, contest_id=self.id)

    def is_participant(self, wallet: str) -> bool:
        """Whether the wallet takes part in a live contest and is not disqualified."""
        return self.board is not None and self.board.is_ranked(wallet)

    def close(self, row: ContestRow) -> None:
        """Replace the row of the contest with `row`, in which the contest is completed or cancelled, and drop the
        board."""
        assert self.board is not None
        self._participants = self.board.total
        self.final_version = max(self.board.version + 1, row.updated_ms)
        self.row = row
        self.board = None

    def view(self, rooms: Rooms, muted: list[str] | None = None) -> ContestView:
        """The contest as clients see it, with the fields for admins if `muted` is given."""
        row = self.row
        view = ContestView(
            id=row.id,
            contest_code=row.contest_code,
            name=row.name,
            description=row.description,
            image_url=row.image_url,
            start_time=format_ms(row.start_ms),
            end_time=format_ms(row.end_ms),
            status=row.status,
            entry_fee=row.entry_fee,
            prize_pool=row.prize_pool,
            currency=row.currency,
            payout=[Payout(place=int(place), percent=percent) for place, percent in row.payout],
            min_participants=row.min_participants,
            max_participants=row.max_participants,
            starting_balance=row.starting_balance,
            allowed_symbols=row.allowed_symbols,
            rules=row.rules,
            participantCount=self.participants,
            spectatorCount=rooms.spectator_count(row.id),
            hasAdminPresence=rooms.has_admin_presence(row.id),
            cancellation_reason=row.cancellation_reason,
            updated_at=format_ms(row.updated_ms),
        )
        if muted is not None:
            view.created_by = row.created_by
            view.created_at = format_ms(row.created_ms)
            view.muted = muted
        return view


class ContestBook:
    """All contests by id. `on_change` listeners are called with each contest that is added or changed, and `on_event`
    listeners after a domain event is stored."""

    def __init__(self) -> None:
        self._contests: dict[int, Contest] = {}
        self._live: dict[int, Contest] = {}
        self._listed: dict[int, Contest] = {}
        self._default_list = Listing()
        self._lists: dict[str, Listing] = {}
        """For each status, the list of all contests that have it."""
        self._listeners: list[Callable[[Contest], None]] = []
        self._event_listeners: list[Callable[[], None]] = []
        self._names_changed = self._names_version = 0

    def __getitem__(self, contest_id: int) -> Contest:
        """Raises `errors.ContestNotFound`."""
        found = self._contests.get(contest_id)
        if found is None:
            raise ContestNotFound("There is no such contest: `get_all_contests` lists the existing ones.")
        return found

    def __contains__(self, contest_id: int) -> bool:
        return contest_id in self._contests

    def __iter__(self) -> Iterator[Contest]:
        return iter(self._contests.values())

    @property
    def live(self) -> list[Contest]:
        """The pending and active contests."""
        return list(self._live.values())

    @property
    def listed(self) -> list[Contest]:
        """The contests of the default list."""
        return list(self._listed.values())

    def page(
        self, *, status: ContestStatus | None = None, limit: int, cursor: str | None = None
    ) -> tuple[list[Contest], str | None]:
        """A page of the default list (pending and active contests, then those that ended less than a day ago), or of
        all contests with `status`; see `Listing.page`."""
        listing = self._default_list if status is None else self._lists.get(status, Listing())
        ids, following = listing.page(limit, cursor)
        return [self._contests[contest_id] for contest_id in ids], following

    def is_listed(self, contest_id: int) -> bool:
        return contest_id in self._listed

    def is_participant(self, contest_id: int, wallet: str) -> bool:
        """Whether the wallet is a participant as in `Contest.is_participant`; False if there is no such contest."""
        contest = self._contests.get(contest_id)
        return contest is not None and contest.is_participant(wallet)

    def on_change(self, listener: Callable[[Contest], None]) -> None:
        self._listeners.append(listener)

    def on_event(self, listener: Callable[[], None]) -> None:
        self._event_listeners.append(listener)

    def event_stored(self) -> None:
        """Call this after an event is committed: a contest started or ended, or a wallet was disqualified or
        readmitted."""
        for listener in self._event_listeners:
            listener()

    def add(self, contest: Contest, now_ms: int) -> None:
        """Add a contest that is already stored, without calling listeners."""
        self._contests[contest.id] = contest
        if contest.is_live:
            self._live[contest.id] = contest
        if contest.delisted_ms is None or contest.delisted_ms > now_ms:
            self._listed[contest.id] = contest
        self._enlist(contest)

    def create(self, contest: Contest) -> None:
        """Add a contest that was just created, and call the `on_change` listeners."""
        self.add(contest, contest.row.created_ms)
        self._changed(contest)

    def update(self, row: ContestRow) -> Contest:
        """Replace the row of a contest. A contest that is no longer live loses its board."""
        contest = self._contests[row.id]
        self._unlist(contest)
        if contest.is_live and row.status not in (PENDING, ACTIVE):
            contest.close(row)
            del self._live[row.id]
        else:
            contest.row = row
        self._enlist(contest)
        self._changed(contest)
        return contest

    def names_changed(self, newest: int, version: int) -> None:
        """Record nickname changes, the newest of them at `newest` (epoch ms). From now on, every leaderboard that was
        final by then has at least the version `version`."""
        self._names_changed = max(self._names_changed, newest)
        self._names_version = max(self._names_version + 1, version)

    def final_version(self, contest: Contest) -> int:
        """The version of an ended contest's leaderboard. It rises when a nickname changes, because the leaderboard
        shows current nicknames."""
        is_as_it_ended = contest.final_version > self._names_changed
        return contest.final_version if is_as_it_ended else max(contest.final_version, self._names_version)

    def entries_changed(self, contest: Contest) -> None:
        """Call this after somebody entered, withdrew, was disqualified or was readmitted."""
        self._changed(contest)

    def delist(self, now_ms: int) -> list[Contest]:
        """Remove the contests that ended more than a day ago from the default list, and return them."""
        gone = [one for one in self._listed.values() if one.delisted_ms is not None and one.delisted_ms <= now_ms]
        for contest in gone:
            del self._listed[contest.id]
            self._default_list.remove(contest.place)
        return gone

    def _enlist(self, contest: Contest) -> None:
        self._lists.setdefault(contest.row.status, Listing()).add(contest.place)
        if contest.id in self._listed:
            self._default_list.add(contest.place)

    def _unlist(self, contest: Contest) -> None:
        self._lists[contest.row.status].remove(contest.place)
        if contest.id in self._listed:
            self._default_list.remove(contest.place)

    def _changed(self, contest: Contest) -> None:
        for listener in self._listeners:
            listener(contest)
