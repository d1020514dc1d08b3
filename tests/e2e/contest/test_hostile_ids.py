"""What clients send by mistake or in bad faith: every field of every command is checked (protocol §1.1, §5, §14)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.contest.contest_room import ADMIN, Stage, join
from tests.serving import client

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEEDING_A_CONTEST = {
    "get_contest_state": {},
    "get_participant_status": {},
    "get_leaderboard": {},
    "join_contest_room": {},
    "leave_contest_room": {},
    "send_chat_message": {"text": "Hello"},
    "set_admin_presence": {"visibility": "visible"},
    "get_chat_messages": {},
}
"""The commands with a `contestId`, and what else they need."""
EACH = pytest.mark.parametrize("kind", NEEDING_A_CONTEST)


@EACH
@pytest.mark.parametrize(
    "given",
    [
        0,
        -1,
        2**53,
        -(2**63),
        10**30,
        1.0,
        1.5,
        True,
        [1],
        {"id": 1},
        "",
        "0",
        "01",
        "-1",
        "+1",
        "1.0",
        "1e3",
        " 1",
        "1\n",
        "١",
        "x",
        "1" * 17,
        "9" * 400,
        None,
    ],
    ids=str,
)
async def test_what_is_no_contest_id_is_refused_by_its_name(hall: Stage, kind: str, given: Any) -> None:
    async with hall.socket(ADMIN) as boss:
        answer = await boss.ask(type=kind, contestId=given, **NEEDING_A_CONTEST[kind])
        assert (answer["type"], answer["code"], answer["field"]) == ("error", "INVALID_REQUEST", "contestId")


@EACH
@pytest.mark.parametrize("given", [999_999, 2**53 - 1, "999999", "9007199254740991"])
async def test_a_contest_that_does_not_exist_is_not_found(hall: Stage, kind: str, given: Any) -> None:
    async with hall.socket(ADMIN) as boss:
        answer = await boss.ask(type=kind, contestId=given, **NEEDING_A_CONTEST[kind])
        assert answer["code"] == "CONTEST_NOT_FOUND"
        assert (await boss.ask(type="get_subscriptions"))["data"] == []


@EACH
async def test_an_id_may_be_sent_as_its_digits(hall: Stage, kind: str) -> None:
    contest = await hall.contest()
    async with hall.socket(ADMIN) as boss:
        await join(boss, contest)
        answer = await boss.ask(type=kind, contestId=str(contest), **NEEDING_A_CONTEST[kind])
        assert answer["type"] != "error"
        assert answer["contestId"] == contest


@EACH
async def test_a_contest_id_must_be_there(hall: Stage, kind: str) -> None:
    async with hall.socket(ADMIN) as boss:
        answer = await boss.ask(type=kind, **NEEDING_A_CONTEST[kind])
        assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "contestId")


@pytest.mark.parametrize("kind", [*NEEDING_A_CONTEST, "get_all_contests"])
async def test_a_field_that_is_not_known_is_refused_unless_it_is_the_clients_own(hall: Stage, kind: str) -> None:
    contest = await hall.contest()
    fields: dict[str, Any] = {"contestId": contest, **NEEDING_A_CONTEST[kind]} if kind in NEEDING_A_CONTEST else {}
    async with hall.socket(ADMIN) as boss:
        await join(boss, contest)
        answer = await boss.ask(type=kind, **fields, room="x")
        assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "room")
        assert (await boss.ask(type=kind, **fields, _mine={"x": 1}))["type"] != "error"


@pytest.mark.parametrize(
    ("kind", "field", "given"),
    [
        ("get_all_contests", "status", "open"),
        ("get_all_contests", "status", ""),
        ("get_all_contests", "status", 1),
        ("get_all_contests", "limit", 0),
        ("get_all_contests", "limit", 101),
        ("get_all_contests", "limit", "10"),
        ("get_all_contests", "limit", 1.5),
        ("get_all_contests", "cursor", ""),
        ("get_all_contests", "cursor", "x"),
        ("get_all_contests", "cursor", "0.1.1.1"),
        ("get_all_contests", "cursor", "9" * 65),
        ("get_all_contests", "cursor", 1),
        ("get_participant_status", "wallet", ""),
        ("get_participant_status", "wallet", "a b"),
        ("get_participant_status", "wallet", "a.1"),
        ("get_participant_status", "wallet", "x" * 65),
        ("get_participant_status", "wallet", "ann\n"),
        ("get_participant_status", "wallet", 7),
        ("get_leaderboard", "limit", 0),
        ("get_leaderboard", "limit", 501),
        ("get_leaderboard", "limit", True),
        ("get_leaderboard", "offset", -1),
        ("get_leaderboard", "offset", 2**53),
        ("get_leaderboard", "offset", 0.5),
        ("get_leaderboard", "around", ""),
        ("get_leaderboard", "around", "a/b"),
        ("join_contest_room", "visibility", "hidden"),
        ("join_contest_room", "visibility", True),
        ("join_contest_room", "since", 1),
        ("join_contest_room", "since", "chat.1,x,1"),
        ("join_contest_room", "since.seq", {"epoch": "x", "seq": -1}),
        ("join_contest_room", "since.epoch", {"epoch": "", "seq": 1}),
        ("join_contest_room", "since.epoch", {"seq": 1}),
        ("set_admin_presence", "visibility", "VISIBLE"),
        ("set_admin_presence", "visibility", None),
        ("get_chat_messages", "limit", 0),
        ("get_chat_messages", "limit", 101),
        ("get_chat_messages", "beforeId", 0),
        ("get_chat_messages", "beforeId", -5),
        ("get_chat_messages", "afterId", 2**53),
        ("get_chat_messages", "afterId", 1.5),
        ("send_chat_message", "text", {}),
    ],
)
async def test_a_field_out_of_range_is_refused_by_its_path(hall: Stage, kind: str, field: str, given: Any) -> None:
    contest = await hall.contest()
    fields: dict[str, Any] = {"contestId": contest, **NEEDING_A_CONTEST[kind]} if kind in NEEDING_A_CONTEST else {}
    async with hall.socket(ADMIN) as boss:
        answer = await boss.ask(type=kind, **fields | {field.partition(".")[0]: given})
        assert (answer["type"], answer["code"], answer["field"]) == ("error", "INVALID_REQUEST", field)
        assert (await boss.ask(type="get_subscriptions"))["data"] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("JOIN_ROOM", "join_contest_room"),
        ("LEAVE_ROOM", "leave_contest_room"),
        ("SEND_CHAT_MESSAGE", "send_chat_message"),
        ("get_leaderbord", "get_leaderboard"),
    ],
)
async def test_an_old_name_is_unknown_and_names_its_successor(hall: Stage, old: str, new: str) -> None:
    async with hall.socket("uma") as uma:
        answer = await uma.ask(type=old, contestId=1)
        assert answer["code"] == "UNKNOWN_MESSAGE_TYPE"
        assert new in answer["message"]


async def test_without_a_token_and_the_public_name_nobody_is_let_in(hall: Stage) -> None:
    async with client(hall.app, "contest", greeted=False) as stranger:
        refused = await stranger.receive()
        assert (refused["type"], refused["code"]) == ("error", "UNAUTHORIZED")
        await stranger.ws.wait_closed()
        assert stranger.ws.close_code == 4001


async def test_the_public_name_lets_a_bad_token_in_as_nobody_or_refuses_it(hall: Stage) -> None:
    """A token that was sent decides: it is not passed over."""
    async with client(hall.app, "contest", "?endpoint=public.contests", token="a.b.c", greeted=False) as stranger:
        refused = await stranger.receive()
        assert (refused["type"], refused["code"]) == ("error", "UNAUTHORIZED")
