"""Contest 2, ten minutes after its start: Ada enters its room and chats."""

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
    Examples,
    before,
)

_MESSAGE_ID = "7d444840-9dc0-4f1e-9c5b-2f8f0a4f6b11"

_CONTEST = events.ContestView(
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
    updated_at=START,
)
_LEADERBOARD = events.Leaderboard(
    contestId=CONTEST,
    entries=[
        events.LeaderboardRow(
            rank=1, wallet=CHIDI, nickname="Chidi", value=1015.0, returnPct=1.5, rankChange=1, entryTime=before(2_700)
        ),
        events.LeaderboardRow(
            rank=2, wallet=ADA, nickname="Ada", value=1011.1978022, returnPct=1.12, rankChange=-1, entryTime=ENTERED
        ),
        events.LeaderboardRow(
            rank=3, wallet=BRUNO, nickname=None, value=1008.34615385, returnPct=0.83, rankChange=0, entryTime=ENTERED
        ),
    ],
    offset=0,
    limit=100,
    total=3,
    version=1795799442187,
    updatedAt=NOW,
)
_PARTICIPANT = events.Participant(
    isParticipant=True,
    walletAddress=ADA,
    nickname="Ada",
    status="active",
    entryTime=ENTERED,
    initialBalance=1000.0,
    portfolioValue=1011.1978022,
    returnPct=1.12,
    rank=2,
    totalParticipants=3,
    portfolio=[
        events.Holding(symbol="BTC", weight=40, quantity=0.004395604395604396, price=91_500.0, value=402.1978022),
        events.Holding(symbol="SOL", weight=60, quantity=4.285714285714286, price=142.1, value=609.0),
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
        contest.AllContests(data=[_CONTEST]),
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
            events.ContestState(contestId=CONTEST, data=_CONTEST),
            events.AdminPresence(contestId=CONTEST, active=True),
            events.SpectatorCount(contestId=CONTEST, count=4),
        ],
        f"presence.{CONTEST}": [
            events.UserPresence(contestId=CONTEST, action="join", user=events.RoomUser(wallet=CHIDI, nickname="Chidi"))
        ],
        f"leaderboard.{CONTEST}": [events.LeaderboardUpdate(contestId=CONTEST, data=_LEADERBOARD)],
        f"participant.{ADA}.{CONTEST}": [events.ParticipantUpdate(contestId=CONTEST, wallet=ADA, data=_PARTICIPANT)],
        f"chat.{CONTEST}": [
            events.ChatMessage(contestId=CONTEST, data=_MESSAGE),
            events.ChatMessageDeleted(contestId=CONTEST, id=1041),
        ],
        "public.contests": [contest.AllContests(data=[_CONTEST]), events.ContestRemoved(contestId=1)],
    },
)
