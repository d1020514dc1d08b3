"""Asking for contests, participants and leaderboards: each command, and who may (protocol §5, §12)."""

from __future__ import annotations

import functools
import operator
from typing import Any

import pytest

from tests.e2e.contest.contest_room import ADMIN, Stage, rows_of
from tests.serving import Client, Frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC_FIELDS = {
    "id",
    "contest_code",
    "name",
    "description",
    "image_url",
    "start_time",
    "end_time",
    "status",
    "entry_fee",
    "prize_pool",
    "currency",
    "payout",
    "min_participants",
    "max_participants",
    "starting_balance",
    "allowed_symbols",
    "rules",
    "participantCount",
    "spectatorCount",
    "hasAdminPresence",
    "cancellation_reason",
    "updated_at",
}
ADMIN_FIELDS = {"created_by", "created_at", "muted"}
EVERYBODY = pytest.mark.parametrize(
    "who", [None, "uma", "ann", ADMIN], ids=["anonymous", "user", "participant", "admin"]
)


async def channels_of(member: Client) -> set[str]:
    return {one["channel"] for one in (await member.ask(type="get_subscriptions"))["data"]}


async def completed(hall: Stage, *wallets: str) -> int:
    contest = await hall.contest()
    await hall.enter(contest, *wallets)
    await hall.act(contest, "start")
    await hall.act(contest, "end")
    return contest


@pytest.mark.parametrize(("who", "known", "admin"), [(None, False, False), ("uma", True, False), (ADMIN, True, True)])
async def test_a_connection_is_welcomed_with_what_it_may(
    hall: Stage, who: str | None, known: bool, admin: bool
) -> None:
    async with hall.socket(who, greeted=False) as member:
        welcome, established = await member.receive_many(2)
    assert welcome["type"] == "welcome"
    assert welcome["message"]
    assert welcome["capabilities"] == {
        "contests": True,
        "chat": known,
        "leaderboard": True,
        "participant": known,
        "admin": admin,
    }
    assert (established["type"], established["authenticated"]) == ("connection_established", known)


# ── get_all_contests ────────────────────────────────────────────────────────────────────────────────────────────────


@EVERYBODY
async def test_contests_are_shown_to_everybody_and_what_admins_need_to_admins(hall: Stage, who: str | None) -> None:
    contest = await hall.contest(name="Shown", prize_pool="1.50", entry_fee=0.1)
    async with hall.socket(who) as member:
        answer = await member.ask(type="get_all_contests")
        assert answer["type"] == "all_contests"
        assert "channel" not in answer
        (view,) = [one for one in answer["data"] if one["id"] == contest]
        state = await member.ask(type="get_contest_state", contestId=contest)
        assert (state["type"], state["contestId"]) == ("contest_state", contest)
        assert state["data"] == view
        assert await channels_of(member) == {"public.contests", f"contest.{contest}"}
    assert set(view) == PUBLIC_FIELDS | (ADMIN_FIELDS if who == ADMIN else set())
    assert (view["name"], view["status"], view["prize_pool"], view["entry_fee"]) == ("Shown", "pending", "1.5", "0.1")
    assert view["payout"] == [{"place": 1, "percent": 69}, {"place": 2, "percent": 20}, {"place": 3, "percent": 11}]


async def test_a_push_of_a_contest_has_no_fields_of_admins_even_for_admins(hall: Stage) -> None:
    async with hall.socket(ADMIN) as member:
        await member.ask(type="get_all_contests")
        contest = await hall.contest()
        await hall.pass_time(1)
        frame = (await member.receive_until(type="contest_state", contestId=contest))[-1]
    assert frame["channel"] == "public.contests"
    assert set(frame["data"]) == PUBLIC_FIELDS


async def test_the_default_list_has_open_contests_first_and_those_of_a_status_come_in_pages(hall: Stage) -> None:
    open_ones = [await hall.contest(starts_in_s=500_000 + number) for number in range(3)]
    ended = await completed(hall, "ann")
    async with hall.socket() as member:
        listed = [one["id"] for one in (await member.ask(type="get_all_contests"))["data"]]
        assert listed[:3] == open_ones[::-1]
        assert listed.index(ended) > max(listed.index(one) for one in open_ones)
        pages, cursor = [], None
        for _ in range(100):
            page = await member.ask(type="get_all_contests", status="pending", limit=2, cursor=cursor)
            pages.append([one["id"] for one in page["data"]])
            assert {one["status"] for one in page["data"]} == {"pending"}
            cursor = page.get("nextCursor")
            if cursor is None:
                break
        everything = await member.ask(type="get_all_contests", status="pending")
    assert all(len(page) == 2 for page in pages[:-1])
    assert functools.reduce(operator.iadd, pages, []) == [one["id"] for one in everything["data"]]
    assert pages[0] == open_ones[:0:-1]


# ── get_participant_status ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_user_sees_its_own_row_and_follows_it(hall: Stage) -> None:
    contest = await hall.contest(starting_balance=500)
    await hall.enter(contest, "ann")
    async with hall.socket("ann") as ann, hall.socket("uma") as uma:
        row = await ann.ask(type="get_participant_status", contestId=contest)
        assert (row["type"], row["contestId"], row["wallet"]) == ("participant_update", contest, "ann")
        assert {name: row["data"][name] for name in ("isParticipant", "walletAddress", "nickname", "status")} == {
            "isParticipant": True,
            "walletAddress": "ann",
            "nickname": "N-ann",
            "status": "registered",
        }
        assert (row["data"]["initialBalance"], row["data"]["portfolioValue"]) == (500, 500)
        assert (row["data"]["rank"], row["data"]["totalParticipants"], row["data"]["returnPct"]) == (1, 1, 0)
        assert row["data"]["portfolio"] == [
            {"symbol": "BTC", "weight": 40, "quantity": None, "price": None, "value": None},
            {"symbol": "SOL", "weight": 60, "quantity": None, "price": None, "value": None},
        ]
        missing = await uma.ask(type="get_participant_status", contestId=contest)
        assert missing["data"] == {"isParticipant": False, "walletAddress": "uma"}
        assert await channels_of(uma) == {f"participant.uma.{contest}"}


@pytest.mark.parametrize(("who", "code"), [(None, "UNAUTHORIZED"), ("uma", "PERMISSION_DENIED")])
async def test_the_row_of_another_is_hidden_until_the_contest_is_completed(
    hall: Stage, who: str | None, code: str
) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    ended = await completed(hall, "ann")
    async with hall.socket(who) as member:
        for wallet in ("ann", "nobody-entered"):
            answer = await member.ask(type="get_participant_status", contestId=contest, wallet=wallet)
            assert (answer["type"], answer["code"]) == ("error", code)
        row = await member.ask(type="get_participant_status", contestId=ended, wallet="ann")
        assert (row["data"]["status"], row["data"]["finalRank"], row["data"]["rank"]) == ("finished", 1, 1)
        assert [one["symbol"] for one in row["data"]["portfolio"]] == ["BTC", "SOL"]
        assert await channels_of(member) == set()


async def test_an_anonymous_client_has_no_row_of_its_own(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as member:
        assert (await member.ask(type="get_participant_status", contestId=contest))["code"] == "UNAUTHORIZED"


async def test_an_admin_sees_and_follows_any_row(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    async with hall.socket(ADMIN) as member:
        row = await member.ask(type="get_participant_status", contestId=contest, wallet="ann")
        assert row["data"]["walletAddress"] == "ann"
        assert len(row["data"]["portfolio"]) == 2
        assert await channels_of(member) == {f"participant.ann.{contest}"}


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("participant.bob.{contest}", "SUBSCRIPTION_DENIED"),
        ("participant.bob.999999", "SUBSCRIPTION_DENIED"),
        ("participant.ann.999999", "UNKNOWN_CHANNEL"),
        ("participant.*", "UNKNOWN_CHANNEL"),
        ("chat.999999", "UNKNOWN_CHANNEL"),
        ("contest.0", "UNKNOWN_CHANNEL"),
        ("presence.01", "UNKNOWN_CHANNEL"),
        ("leaderboard.-1", "UNKNOWN_CHANNEL"),
        ("leaderboard.99999999999999999999", "UNKNOWN_CHANNEL"),
        ("market.SOL", "UNKNOWN_CHANNEL"),
    ],
)
async def test_a_channel_that_is_not_ones_own_is_refused(hall: Stage, channel: str, code: str) -> None:
    contest = await hall.contest()
    async with hall.socket("ann") as member:
        answer = await member.ask(type="subscribe", channel=channel.format(contest=contest))
        assert (answer["type"], answer["code"]) == ("error", code)
        assert await channels_of(member) == set()


@pytest.mark.parametrize("channel", ["participant.ann.{contest}", "participant.ann.999999"])
async def test_nobody_in_particular_may_follow_a_participant(hall: Stage, channel: str) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    async with hall.socket() as member:
        answer = await member.ask(type="subscribe", channel=channel.format(contest=contest))
        assert answer["code"] == "SUBSCRIPTION_DENIED"


@EVERYBODY
@pytest.mark.parametrize(
    ("family", "snapshot"),
    [
        ("contest", ["contest_state", "admin_presence", "spectator_count"]),
        ("presence", []),
        ("leaderboard", ["leaderboard_update"]),
        ("chat", []),
    ],
)
async def test_the_channels_of_a_contest_are_open_to_everybody(
    hall: Stage, who: str | None, family: str, snapshot: list[str]
) -> None:
    contest = await hall.contest()
    async with hall.socket(who) as member:
        answer = await member.ask(type="subscribe", channel=f"{family}.{contest}")
        assert (answer["type"], answer["kind"]) == (
            "subscription_confirmed",
            "every" if family == "chat" else "latest",
        )
        frames = await member.drain()
    assert [frame["type"] for frame in frames] == snapshot
    assert {frame["channel"] for frame in frames} <= {f"{family}.{contest}"}


# ── get_leaderboard ─────────────────────────────────────────────────────────────────────────────────────────────────


async def five(hall: Stage) -> int:
    """A contest that five entered, a second apart."""
    contest = await hall.contest()
    for wallet in ("ann", "bea", "cal", "dan", "eve"):
        await hall.enter(contest, wallet)
        await hall.pass_time(1)
    return contest


def wallets(answer: Frame) -> list[str]:
    return [row[1] for row in rows_of(answer["data"])]


@EVERYBODY
async def test_a_pending_contest_lists_its_entries_at_rank_1_by_their_time(hall: Stage, who: str | None) -> None:
    contest = await five(hall)
    async with hall.socket(who) as member:
        answer = await member.ask(type="get_leaderboard", contestId=contest)
        assert await channels_of(member) == {f"leaderboard.{contest}"}
    data = answer["data"]
    assert rows_of(data) == [(1, wallet, 1000, 0, 0) for wallet in ("ann", "bea", "cal", "dan", "eve")]
    assert (data["contestId"], data["offset"], data["limit"], data["total"]) == (contest, 0, 100, 5)
    assert set(data["entries"][0]) == {"rank", "wallet", "nickname", "value", "returnPct", "rankChange", "entryTime"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"limit": 2}, (0, ["ann", "bea"])),
        ({"limit": 2, "offset": 3}, (3, ["dan", "eve"])),
        ({"offset": 5}, (5, [])),
        ({"offset": 2**53 - 1, "limit": 500}, (2**53 - 1, [])),
        ({"limit": 3, "around": "cal"}, (1, ["bea", "cal", "dan"])),
        ({"limit": 3, "around": "ann"}, (0, ["ann", "bea", "cal"])),
        ({"limit": 3, "around": "eve"}, (2, ["cal", "dan", "eve"])),
        ({"limit": 500, "around": "eve"}, (0, ["ann", "bea", "cal", "dan", "eve"])),
        ({"limit": None, "offset": None, "around": None}, (0, ["ann", "bea", "cal", "dan", "eve"])),
    ],
)
@pytest.mark.parametrize("is_completed", [False, True], ids=["pending", "completed"])
async def test_a_page_of_the_leaderboard(hall: Stage, asked: dict[str, Any], expected: Any, is_completed: bool) -> None:
    contest = await five(hall)
    if is_completed:
        await hall.act(contest, "start")
        await hall.act(contest, "end")
    async with hall.socket() as member:
        answer = await member.ask(type="get_leaderboard", contestId=contest, **asked)
    assert (answer["data"]["offset"], wallets(answer)) == expected
    assert answer["data"]["total"] == 5


async def test_rows_around_somebody_who_is_not_ranked_are_refused(hall: Stage) -> None:
    contest = await five(hall)
    await hall.set_status(contest, "cal", "disqualified")
    async with hall.socket() as member:
        for wallet in ("cal", "nobody"):
            answer = await member.ask(type="get_leaderboard", contestId=contest, around=wallet)
            assert (answer["code"], answer["field"]) == ("NOT_ENTERED", "around")
        both = await member.ask(type="get_leaderboard", contestId=contest, around="ann", offset=0)
        assert (both["code"], both["field"]) == ("INVALID_REQUEST", "offset")
        page = await member.ask(type="get_leaderboard", contestId=contest)
    assert wallets(page) == ["ann", "bea", "dan", "eve"]


async def test_a_cancelled_contest_has_no_leaderboard(hall: Stage) -> None:
    contest = await five(hall)
    await hall.act(contest, "cancel")
    async with hall.socket() as member:
        answer = await member.ask(type="get_leaderboard", contestId=contest)
        assert (answer["data"]["total"], wallets(answer)) == (0, [])
        row = await member.ask(type="get_participant_status", contestId=contest, wallet="ann")
        assert row["code"] == "UNAUTHORIZED"


async def test_asking_again_sends_no_second_snapshot(hall: Stage) -> None:
    contest = await five(hall)
    async with hall.socket("ann") as member:
        for kind in ("get_contest_state", "get_leaderboard", "get_participant_status"):
            await member.ask(type=kind, contestId=contest)
            first = await member.drain()
            assert first
            assert all("channel" in frame for frame in first)
            await member.ask(type=kind, contestId=contest)
            assert await member.drain() == []
