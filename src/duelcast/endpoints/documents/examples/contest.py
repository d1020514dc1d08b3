"""Contest 2, six minutes after its start: Ada, who has just traded, enters its room and chats."""

from __future__ import annotations

from duelcast.domain.contests import events
from duelcast.endpoints import contest
from duelcast.endpoints.common import Since
from duelcast.endpoints.documents.examples.story import (
    ADA,
    BRUNO,
    CHIDI,
    CONTEST,
    END,
    ENTERED,
    EPOCH,
    MIRA,
    NOW,
    START,
    STARTED,
    Examples,
    before,
)

_MESSAGE_ID = "7d444840-9dc0-4f1e-9c5b-2f8f0a4f6b11"

FRIDAY_SHOOTOUT = events.ContestView(
    id=CONTEST,
    contest_code="K7RX2MQ9",
    name="Friday Shootout",
    description="One hour, two coins.",
    image_url="https://example.org/shootout.png",
    start_time=START,
    end_time=END,
    status="active",
    entry_fee="0.1",
    prize_pool="5",
    currency="SOL",
    payout=[
        events.Payout(place=1, percent=69.0),
        events.Payout(place=2, percent=20.0),
        events.Payout(place=3, percent=11.0),
    ],
    min_participants=2,
    max_participants=100,
    starting_balance=1000.0,
    allowed_symbols=["BTC", "SOL"],
    rules="The highest value at the end wins.",
    participantCount=3,
    spectatorCount=4,
    hasAdminPresence=True,
    cancellation_reason=None,
    updated_at=STARTED,
)
LEADERBOARD = events.Leaderboard(
    contestId=CONTEST,
    entries=[
        events.LeaderboardRow(
            rank=1, wallet=ADA, nickname="Ada", value=1031.57894737, returnPct=3.16, rankChange=0, entryTime=ENTERED
        ),
        events.LeaderboardRow(
            rank=2, wallet=BRUNO, nickname=None, value=1010.52631579, returnPct=1.05, rankChange=0, entryTime=ENTERED
        ),
        events.LeaderboardRow(
            rank=3, wallet=CHIDI, nickname="Chidi", value=1000.0, returnPct=0.0, rankChange=0, entryTime=before(2_359)
        ),
    ],
    offset=0,
    limit=100,
    total=3,
    version=1795799100007,
    updatedAt=NOW,
)
ADAS_ROW = events.Participant(
    isParticipant=True,
    walletAddress=ADA,
    nickname="Ada",
    status="active",
    entryTime=ENTERED,
    initialBalance=1000.0,
    portfolioValue=1031.57894737,
    returnPct=3.16,
    rank=1,
    totalParticipants=3,
    portfolio=[
        events.Holding(symbol="BTC", weight=50, quantity=0.00537280701754386, price=96_000.0, value=515.78947368),
        events.Holding(symbol="SOL", weight=50, quantity=3.43859649122807, price=150.0, value=515.78947368),
    ],
)
_MESSAGE = events.ChatMessageRecord(
    id=1043,
    contestId=CONTEST,
    sender=events.Sender(wallet=ADA, nickname="Ada", role="user"),
    text="Catch me if you can, Chidi!",
    timestamp=NOW,
    isAdmin=False,
    messageId=_MESSAGE_ID,
)
_EARLIER = events.ChatMessageRecord(
    id=1042,
    contestId=CONTEST,
    sender=events.Sender(wallet=MIRA, nickname=None, role="admin"),
    text="Good luck to all three of you.",
    timestamp=before(540),
    isAdmin=True,
)

EXAMPLES = Examples(
    said=[
        contest.Welcome(
            message="Welcome to the contests.",
            capabilities=contest.Capabilities(
                contests=True, chat=True, leaderboard=True, participant=True, admin=False
            ),
        ),
        contest.GetAllContests(),
        contest.GetAllContests(status="completed", limit=20),
        contest.AllContests(data=[FRIDAY_SHOOTOUT]),
        contest.GetContestState(contestId=CONTEST),
        contest.GetParticipantStatus(contestId=CONTEST),
        contest.GetLeaderboard(contestId=CONTEST, limit=100),
        contest.GetLeaderboard(contestId=CONTEST, around=ADA),
        contest.JoinContestRoom(contestId=CONTEST),
        contest.JoinContestRoom(contestId=CONTEST, since=Since(EPOCH, 41)),
        contest.ContestRoomJoined(
            contestId=CONTEST,
            role="participant",
            members=[
                events.RoomMember(wallet=ADA, nickname="Ada", role="participant"),
                events.RoomMember(wallet=CHIDI, nickname="Chidi", role="participant"),
                events.RoomMember(wallet=MIRA, nickname=None, role="admin"),
            ],
            memberCount=3,
            spectatorCount=4,
            positions={f"chat.{CONTEST}": 42},
            recovered=True,
        ),
        contest.SendChatMessage(contestId=CONTEST, text=_MESSAGE.text, messageId=_MESSAGE_ID),
        events.ChatMessage(contestId=CONTEST, data=_MESSAGE, duplicate=True),
        contest.GetChatMessages(contestId=CONTEST, beforeId=1044, limit=2),
        contest.ChatMessages(contestId=CONTEST, data=[_EARLIER, _MESSAGE], hasMore=True),
        contest.SetAdminPresence(contestId=CONTEST, visibility="visible"),
        contest.AdminPresenceUpdated(contestId=CONTEST, visibility="visible"),
        contest.LeaveContestRoom(contestId=CONTEST),
        contest.ContestRoomLeft(contestId=CONTEST),
    ],
    pushed={
        f"contest.{CONTEST}": [
            events.ContestState(contestId=CONTEST, data=FRIDAY_SHOOTOUT),
            events.AdminPresence(contestId=CONTEST, active=True),
            events.SpectatorCount(contestId=CONTEST, count=4),
        ],
        f"presence.{CONTEST}": [
            events.UserPresence(contestId=CONTEST, action="join", user=events.RoomUser(wallet=CHIDI, nickname="Chidi"))
        ],
        f"leaderboard.{CONTEST}": [events.LeaderboardUpdate(contestId=CONTEST, data=LEADERBOARD)],
        f"participant.{ADA}.{CONTEST}": [events.ParticipantUpdate(contestId=CONTEST, wallet=ADA, data=ADAS_ROW)],
        f"chat.{CONTEST}": [
            events.ChatMessage(contestId=CONTEST, data=_MESSAGE),
            events.ChatMessageDeleted(contestId=CONTEST, id=1041),
        ],
        "public.contests": [contest.AllContests(data=[FRIDAY_SHOOTOUT]), events.ContestRemoved(contestId=1)],
    },
)
