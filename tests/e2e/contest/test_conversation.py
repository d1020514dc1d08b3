"""Every message of the endpoint contest, member by member, with all values; see `tests/e2e/test_golden_frames.py`."""

from __future__ import annotations

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import Actor
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.portfolio import Choice
from duelcast.domain.contests.terms import NewContest, PayoutInput
from duelcast.endpoints.contest import endpoint
from duelcast.wire.messages import message_type
from duelcast.wire.timestamps import format_time
from tests.e2e.market import post_price
from tests.e2e.transcript import Transcript
from tests.serving import client, running, token_for

BOSS = Actor("boss", Role.ADMIN)
MESSAGE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


async def make_contest(app: App) -> Contest:
    """One that is pending, with two participants."""
    await post_price(app, "SOL", 150.0)
    await post_price(app, "BTC", 60_000.0)
    now_s = app.clock.time()
    contest = await app.leader.contests.organising.create(
        NewContest(
            name="Evening race",
            description="Ten minutes.",
            image_url="https://example.org/race.png",
            rules="Be kind.",
            start_time=format_time(now_s + 60),
            end_time=format_time(now_s + 660),
            entry_fee="0.1",
            prize_pool="12.5",
            payout=[PayoutInput(1, 60), PayoutInput(2, 40)],
            max_participants=10,
            allowed_symbols=["SOL", "BTC"],
        ),
        BOSS,
    )
    for wallet, nickname, portfolio in (("ann", "Ann", [("SOL", 75), ("BTC", 25)]), ("bob", None, [("SOL", 100)])):
        identity = Identity(wallet, Role.USER, nickname, 4e9, claimed_nickname=nickname)
        await app.leader.contests.entering.enter(contest.id, identity, [Choice(*choice) for choice in portfolio])
    return contest


async def pass_by(app: App, clock: ManualClock, contest: Contest, seconds: float) -> None:
    """Let time pass. It stands still while the contest starts or ends, so that each run tells the same times."""
    until_s = clock.time() + seconds
    due_s = (contest.boundary_ms or 0) / 1000 + 0.0015
    if clock.time() < due_s < until_s:
        await clock.advance(due_s - clock.time())
        await app.leader.contests.clock.settle_due()
        await app.leader.contests.final_rows.published()
    await clock.advance(until_s - clock.time())


async def test_contest() -> None:
    clock, transcript = ManualClock(), Transcript()
    async with running(clock) as app:
        contest = await make_contest(app)
        await clock.advance(2)
        ann, boss = token_for(app, "ann", nickname="Ann"), token_for(app, "boss", Role.ADMIN)
        async with (
            client(app, "contest", token=ann, greeted=False) as user,
            client(app, "contest", token=boss) as admin,
            client(app, "contest", "?endpoint=public.contests") as visitor,
        ):
            await transcript.hear(user)
            await transcript.say(user, type="get_all_contests", status="pending", limit=10, requestId="r1")
            await transcript.say(user, type="get_contest_state", contestId=contest.id, requestId="r2")
            await transcript.say(user, type="get_participant_status", contestId=str(contest.id), requestId="r3")
            await transcript.say(
                user, type="get_participant_status", contestId=contest.id, wallet="bob", requestId="r4"
            )
            await transcript.say(user, type="get_leaderboard", contestId=contest.id, around="bob", requestId="r5")
            await transcript.say(user, type="send_chat_message", contestId=contest.id, text="early", requestId="r6")
            await transcript.say(user, type="join_contest_room", contestId=contest.id, requestId="r7")
            transcript.note("a visitor comes, and an admin who shows herself")
            await visitor.ask(type="join_contest_room", contestId=contest.id)
            await admin.ask(type="join_contest_room", contestId=contest.id)
            await clock.advance(1)
            await transcript.hear(user)
            transcript.note("the admin")
            await transcript.say(admin, type="get_contest_state", contestId=contest.id, requestId="a1")
            await transcript.say(
                admin, type="set_admin_presence", contestId=contest.id, visibility="visible", requestId="a2"
            )
            transcript.note("the user again")
            await transcript.hear(user)
            message = {"contestId": contest.id, "text": "  Hello  ", "messageId": MESSAGE_ID}
            await transcript.say(user, type="send_chat_message", **message, requestId="r8")
            await transcript.say(user, type="send_chat_message", **message, requestId="r9")
            await transcript.say(user, type="send_chat_message", contestId=contest.id, text=" ", requestId="r10")
            await transcript.say(user, type="get_chat_messages", contestId=contest.id, limit=1, requestId="r11")
            transcript.note("the admin deletes the message and mutes the user")
            await app.leader.contests.chat.delete(contest.id, 1, BOSS)
            await app.leader.contests.chat.mutes.mute(contest.id, "ann", int(clock.time() * 1000) + 60_000, BOSS)
            await transcript.hear(user)
            await transcript.say(user, type="send_chat_message", contestId=contest.id, text="Why?", requestId="r12")
            transcript.note("the contest begins")
            await pass_by(app, clock, contest, 61.5)
            await transcript.hear(user)
            transcript.note("a price moves")
            await post_price(app, "SOL", 165.0)
            await pass_by(app, clock, contest, 2.5)
            await transcript.hear(user)
            transcript.note("it ends")
            await pass_by(app, clock, contest, 661.5)
            await transcript.hear(user)
            await transcript.say(
                user, type="get_participant_status", contestId=contest.id, wallet="bob", requestId="r13"
            )
            await transcript.say(user, type="leave_contest_room", contestId=contest.id, requestId="r14")
            await transcript.say(user, type="get_contest_state", contestId=999, requestId="r15")
            await transcript.say(user, type="JOIN_ROOM", requestId="r16")
    transcript.check("contest")
    assert transcript.types("client") >= {spec.name for spec in endpoint.commands.values()} - COMMON
    replies = {event for spec in endpoint.commands.values() for event in spec.replies}
    pushes = {event for rule in endpoint.access_rules.values() for event in rule.family.events}
    assert transcript.types("server") >= {message_type(event) for event in replies | pushes} - UNHEARD


COMMON = {"auth", "get_subscriptions", "heartbeat", "ping", "subscribe", "unsubscribe"}
UNHEARD = {
    "auth_success",
    "contest_removed",
    "heartbeat_ack",
    "pong",
    "subscription_confirmed",
    "subscriptions",
    "unsubscription_confirmed",
}
"""Of all endpoints; and `contest_removed`, a day later, which other tests hear."""
