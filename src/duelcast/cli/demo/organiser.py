"""Sets up users and contests: at any time one contest runs, and one is open for entries."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from duelcast.cli.demo.api import Api, Refused
from duelcast.cli.demo.people import ADMIN, BOTS, GUEST, ORGANISER
from duelcast.clock import Clock
from duelcast.wire.timestamps import format_ms, parse_time

MAX_LEAD_S = 10.0
"""Another contest is opened at most this long before the last pending one starts."""
BY_ITSELF_S = 1.0
"""A contest that is due to start within this time is started by the server, and not by the demo."""
MAX_PAGES = 50
"""The most pages that are read; the live contests of other people take room in them, too."""
_LIVE = ("pending", "active")

_KINDS = ("Cup", "Dash", "Derby", "League", "Marathon", "Masters", "Open", "Relay", "Shootout", "Trophy")
_DESCRIPTION = "Demo data: this contest was made up, and bots take part in it."
_RULES = "Be kind. Bots may win."
_PRIZE_POOL = "10"


class Contest(Struct, frozen=True):
    """The facts about a contest that the demo needs."""

    id: int
    name: str
    status: str
    start_time: str
    end_time: str
    created_by: str | None = None

    @property
    def start_s(self) -> float:
        return parse_time(self.start_time)

    @property
    def end_s(self) -> float:
        return parse_time(self.end_time)


class _Page(Struct):
    data: list[Contest]
    nextCursor: str | None = None


class Lineup(Struct, frozen=True):
    """The demo's own live contests: the running one, and those open for entries in the order in which they start."""

    active: Contest | None = None
    pending: tuple[Contest, ...] = ()

    @property
    def live(self) -> list[Contest]:
        """All live contests, in the order in which they end."""
        return [*([] if self.active is None else [self.active]), *self.pending]


class Organiser:
    """Acts as the organiser, for contests of `round_s` seconds. Methods raise `Refused`."""

    def __init__(self, api: Api, clock: Clock, rng: random.Random, round_s: float) -> None:
        self._api = api
        self._clock = clock
        self._rng = rng
        self._round_s = round_s
        self._lead_s = min(MAX_LEAD_S, round_s / 4)

    async def set_up_users(self) -> None:
        """Store the users of the demo, unless that was done before."""
        try:
            await self._api.get(ORGANISER, f"/users/{ADMIN.wallet}", dict[str, Any])
        except Refused:
            for bot in BOTS:
                body = {"nickname": bot.nickname, "role": bot.role.name.lower()}
                await self._api.send(ORGANISER, "PUT", f"/users/{bot.wallet}", body, kind=dict[str, Any])
            # They would be notified of what somebody else did to their profiles.
            for person in (GUEST, ADMIN):
                body = {"nickname": person.nickname}
                await self._api.send(person, "PATCH", "/users/me", body, kind=dict[str, Any])

    async def lineup(self) -> Lineup:
        """The current lineup."""
        listed = await self._listed()
        active = [contest for contest in listed if contest.status == "active"]
        pending = [contest for contest in listed if contest.status == "pending"]
        return Lineup(
            max(active, key=lambda contest: contest.end_s, default=None),
            tuple(sorted(pending, key=lambda contest: contest.start_s)),
        )

    async def last_completed(self) -> Contest | None:
        """The demo's contest that ended most recently."""
        page = await self._api.get(ORGANISER, "/contests", _Page, status="completed")
        return max(_own(page.data), key=lambda contest: contest.end_s, default=None)

    def to_start(self, lineup: Lineup) -> Contest | None:
        """The contest that the demo must start, because none is running and the server will not start one soon. None if
        there is no such contest."""
        if lineup.active is not None or not lineup.pending:
            return None
        first = lineup.pending[0]
        return first if first.start_s > self._clock.time() + BY_ITSELF_S else None

    def needs_next(self, lineup: Lineup) -> bool:
        """Whether no contest is open for entries, or soon none will be."""
        return not lineup.pending or lineup.pending[-1].start_s <= self._clock.time() + self._lead_s

    async def open_next(self, lineup: Lineup) -> Contest:
        """Open a contest that starts when all others have ended."""
        soon_s = self._clock.time() + 2 * self._lead_s
        return await self._open(max([soon_s, *(contest.end_s for contest in lineup.live)]), self._rng.choice(_KINDS))

    async def open_soon(self, kind: str) -> Contest:
        """Open a contest that starts in a moment."""
        return await self._open(self._clock.time() + 2 * self._lead_s, kind)

    async def start(self, contest: Contest) -> Contest:
        """Start `contest` now."""
        return await self._api.send(ORGANISER, "POST", f"/contests/{contest.id}/start", kind=Contest)

    async def end(self, contest: Contest) -> Contest:
        """End `contest` now."""
        return await self._api.send(ORGANISER, "POST", f"/contests/{contest.id}/end", kind=Contest)

    async def _open(self, start_s: float, kind: str) -> Contest:
        terms = {
            "name": f"Demo {kind}",
            "description": _DESCRIPTION,
            "rules": _RULES,
            "prize_pool": _PRIZE_POOL,
            "start_time": format_ms(int(start_s * 1000)),
            "end_time": format_ms(int((start_s + self._round_s) * 1000)),
        }
        return await self._api.send(ORGANISER, "POST", "/contests", terms, kind=Contest)

    async def _listed(self) -> list[Contest]:
        """The demo's contests in the default list, which begins with all live ones."""
        # Pending and active ones together, because a contest that starts between two requests would be missed.
        found: list[Contest] = []
        cursor: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            page = await self._api.get(ORGANISER, "/contests", _Page, **cursor)
            found += page.data
            if page.nextCursor is None or page.data[-1].status not in _LIVE:
                break
            cursor = {"cursor": page.nextCursor}
        return _own(found)


def _own(contests: Iterable[Contest]) -> list[Contest]:
    return [contest for contest in contests if contest.created_by == ORGANISER.wallet]
