"""The checks once nobody sends commands any more."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.cluster_kills.client import Frame
from tests.cluster_kills.company import Company
from tests.cluster_kills.evidence import Evidence
from tests.cluster_kills.followers import LatestChannel
from tests.cluster_kills.office import Office

URGENT = ("alerts", "system.errors")
"""Published before they are stored, so that a crash may lose the messages behind a position (protocol §2)."""
NOT_STORED = ("channel", "seq", "requestId", "duplicate")


async def check_commands(company: Company, database: Evidence) -> None:
    """Every acknowledged command has taken effect once, and every other one at most once."""
    company.chat.check(await database.column("select text from chat_messages"))
    company.events.check(map(str, await database.column("select encode(event_id, 'hex')::uuid from analytics_events")))
    titles = "select title from notifications where wallet = $1 and type = 'NEWS'"
    for wallet, ledger in company.notifications.items():
        ledger.check(await database.column(titles, wallet))
    company.announcements.check(await database.column(titles, ""))
    company.trades.check(await database.column("select quantity::bigint::text from posted_trades"))
    errors = Counter[str]()
    for text, count in await database.rows("select error, count from error_records where service = 'wire'"):
        errors[text] += count
    company.errors.check(errors.elements())
    said: dict[int, str] = dict(await database.rows("select id, text from chat_messages"))
    for speaker in company.speakers:
        assert speaker.ids.items() <= said.items(), f"{speaker} knows other ids"
    read = set(await database.column("select id from notifications where read_ms is not null"))
    for reader in company.readers:
        assert reader.marked <= read, f"{reader} marked {reader.marked - read}"


async def check_every_channels(company: Company, database: Evidence) -> None:
    """Followers have received the stored messages and, except on urgent channels, no others. Each has checked already
    that no number was missing or repeated."""
    stored: dict[str, dict[int, Any]] = {}
    for channel, seq, body in await database.rows("select channel, seq, body from channel_messages"):
        stored.setdefault(channel, {})[seq] = json.loads(body)
    for known in company.every_channels():
        assert not known.missed or known.name in URGENT, f"A follower of {known.name} could not recover"
        kept = stored.get(known.name, {})
        if kept and known.name not in URGENT:
            unstored = {seq for seq in known.messages if seq > min(kept)} - kept.keys()
            assert not unstored, f"{known.name}: received and not stored: {sorted(unstored)}"
        for seq, body in kept.items():
            if seq > known.begins_at and not known.missed:
                assert _body_of(known.messages[seq]) == body, f"{known.name}: {known.messages[seq]} and not {body}"


def _body_of(frame: Frame) -> Frame:
    return {key: value for key, value in frame.items() if key not in NOT_STORED}


async def are_up_to_date(company: Company, database: Evidence) -> bool:
    """Whether each follower has the last message of each channel of kind *every*, and each reader shows the right
    count."""
    positions = await database.positions()
    unread: dict[str, int] = dict(
        await database.rows(
            "select wallet, count(*) from notifications where read_ms is null and removed_ms is null group by wallet"
        )
    )
    return all(known.seq == positions.get(known.name, 0) for known in company.every_channels()) and all(
        reader.unread == unread.get(str(reader.wallet), 0) for reader in company.readers
    )


class Agreement:
    """Whether all followers of a channel of kind *latest* show the same. Prices and leaderboards are compared with the
    HTTP API of each gateway, too. Channels go on to change, so they are compared again and again until each has agreed
    once."""

    def __init__(self, company: Company, office: Office, gateways: list[str], contest: int) -> None:
        self.lacking = company.latest_channels()
        self._company = company
        self._office = office
        self._gateways = gateways
        self._contest = contest

    async def look(self) -> bool:
        """Compare once; returns whether all have agreed by now."""
        for name, known in list(self.lacking.items()):
            first, *others = known
            if first.newest and all(_agree(first, one) for one in others) and await self._is_answered(name, first):
                del self.lacking[name]
        return not self.lacking

    async def _is_answered(self, name: str, channel: LatestChannel) -> bool:
        shown = {kind: frame["data"] for (kind, _), frame in channel.newest.items() if "data" in frame}
        for gateway in self._gateways:
            if name.startswith("market."):
                symbol = name.removeprefix("market.")
                answer = await self._office.insist("GET", f"/tokens/{symbol}", gateway=gateway)
                prices = {answer["price"], shown["MARKET_PRICE"]["price"], self._company.ticker.prices[symbol]}
                if len(prices) > 1:
                    return False
            elif name.startswith("leaderboard."):
                answer = await self._office.insist("GET", f"/contests/{self._contest}/leaderboard", gateway=gateway)
                if answer["entries"] != shown["leaderboard_update"]["entries"]:
                    return False
        return True


def _agree(one: LatestChannel, other: LatestChannel) -> bool:
    """Whether two followers have the same message of each key. A snapshot that was made for one of them, because
    nothing was published yet, has the position at that moment: then the contents must be the same."""
    return one.newest.keys() == other.newest.keys() and all(
        frame["seq"] == other.newest[key]["seq"] or _content(frame) == _content(other.newest[key])
        for key, frame in one.newest.items()
    )


def _content(frame: Frame) -> Frame:
    return {name: value for name, value in frame.items() if name not in ("seq", "timestamp")}
