"""Messages of contests, and their channels (protocol §2, §5, §12)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind, Unfollowed
from duelcast.domain.accounts.identity import WALLET_PATTERN
from duelcast.store import contests as store
from duelcast.wire.messages import MAX_SAFE_INTEGER, Event, Record

CONTEST_ID_PATTERN = r"[1-9][0-9]{0,15}"

ContestStatus: TypeAlias = store.ContestStatus
EntryStatus = Literal["registered", "active", "disqualified", "finished"]
RoomRole = Literal["participant", "spectator", "admin"]
Visibility = Literal["visible", "invisible"]

# A string of digits is accepted wherever an id is (protocol §1.1); handlers use `contest_id_of`.
ContestId = (
    Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]
    | Annotated[str, Meta(pattern=rf"^{CONTEST_ID_PATTERN}(?!\n)$", description="the digits of an id")]
)


def contest_id_of(given: int | str) -> int:
    """The id as a number; clients may send an integer or a string of its digits."""
    return int(given)


class Payout(Record):
    """`percent` of the prize pool goes to `place`."""

    place: int
    percent: float


class ContestView(Record):
    """A contest (protocol §12). Fees and prizes are decimal strings in `currency`; `max_participants` is null if there
    is no limit.

    `created_by`, `created_at` and `muted` (wallets) are sent only to admins.
    """

    id: int
    contest_code: str
    name: str
    description: str | None
    image_url: str | None
    start_time: str
    end_time: str
    status: ContestStatus
    entry_fee: str
    prize_pool: str
    currency: str
    payout: list[Payout]
    min_participants: int
    max_participants: int | None
    starting_balance: float
    allowed_symbols: list[str]
    rules: str | None
    participantCount: int
    spectatorCount: int
    hasAdminPresence: bool
    cancellation_reason: str | None
    updated_at: str
    created_by: str | UnsetType = UNSET
    created_at: str | UnsetType = UNSET
    muted: list[str] | UnsetType = UNSET


class Holding(Record):
    """A token in a portfolio. `weight` is the weight last chosen; the other figures are null before the start."""

    symbol: str
    weight: int
    quantity: float | None
    price: float | None
    value: float | None


class Participant(Record):
    """A wallet in a contest (protocol §12). Until the contest is completed, `portfolio` is sent only to its owner and
    to admins."""

    isParticipant: bool
    walletAddress: str
    nickname: str | UnsetType | None = UNSET
    status: EntryStatus | UnsetType = UNSET
    entryTime: str | UnsetType = UNSET
    initialBalance: float | UnsetType = UNSET
    portfolioValue: float | UnsetType = UNSET
    returnPct: float | UnsetType = UNSET
    rank: int | UnsetType | None = UNSET
    totalParticipants: int | UnsetType = UNSET
    portfolio: list[Holding] | UnsetType = UNSET
    prize: str | UnsetType = UNSET
    finalRank: int | UnsetType = UNSET


class LeaderboardRow(Record):
    """`rankChange` = rank at the last full minute − rank now; 0 for new rows."""

    rank: int
    wallet: str
    nickname: str | None
    value: float
    returnPct: float
    rankChange: int
    entryTime: str


class Leaderboard(Record):
    """A page of a leaderboard that has `total` rows; `version` grows with each ranking."""

    contestId: int
    entries: list[LeaderboardRow]
    offset: int
    limit: int
    total: int
    version: int
    updatedAt: str


class Sender(Record):
    """The author of a message, as of the time of writing."""

    wallet: str
    nickname: str | None
    role: str


class ChatMessageRecord(Record):
    """A stored message; `messageId` is the id that the sender gave it."""

    id: int
    contestId: int
    sender: Sender
    text: str
    timestamp: str
    isAdmin: bool
    messageId: str | UnsetType = UNSET


class RoomUser(Record):
    """A user in a room."""

    wallet: str
    nickname: str | None


class RoomMember(Record):
    """A user in the list of a room's members."""

    wallet: str
    nickname: str | None
    role: RoomRole


class ContestState(Event, tag="contest_state"):
    """The present state of a contest."""

    contestId: int
    data: ContestView


class ContestRemoved(Event, tag="contest_removed"):
    """A contest left the default list."""

    contestId: int


class AdminPresence(Event, tag="admin_presence"):
    """Whether at least one visible admin is in the room."""

    contestId: int
    active: bool


class SpectatorCount(Event, tag="spectator_count"):
    """How many spectators are in the room."""

    contestId: int
    count: int


class UserPresence(Event, tag="user_presence"):
    """A user entered or left the room."""

    contestId: int
    action: Literal["join", "leave"]
    user: RoomUser


class LeaderboardUpdate(Event, tag="leaderboard_update"):
    """A page of the leaderboard; pushes contain the top 100."""

    contestId: int
    data: Leaderboard


class ParticipantUpdate(Event, tag="participant_update"):
    """Rank, value or status of a participant."""

    contestId: int
    wallet: str
    data: Participant


class ChatMessage(Event, tag="chat_message"):
    """A stored message. `duplicate` is present if a `messageId` was sent again."""

    contestId: int
    data: ChatMessageRecord
    duplicate: bool | UnsetType = UNSET


class ChatMessageDeleted(Event, tag="chat_message_deleted"):
    """An admin deleted a message."""

    contestId: int
    id: int


def _contest_key(event: Event) -> str:
    return event.__struct_config__.tag if isinstance(event.__struct_config__.tag, str) else ""


def _list_key(event: Event) -> str:
    assert isinstance(event, ContestState | ContestRemoved)
    return str(event.contestId)


def _presence_key(event: Event) -> str:
    assert isinstance(event, UserPresence)
    return event.user.wallet


PUBLIC_CONTESTS = Family(
    "public.contests",
    Kind.LATEST,
    (ContestState, ContestRemoved),
    "The contests of the default list.",
    key=_list_key,
    key_description="contest",
    is_tombstone=lambda event: isinstance(event, ContestRemoved),
)
CONTEST = Family(
    "contest",
    Kind.LATEST,
    (ContestState, AdminPresence, SpectatorCount),
    "The state of a contest, its number of spectators, and whether an admin is present.",
    parameter=CONTEST_ID_PATTERN,
    placeholder="id",
    key=_contest_key,
    key_description="type",
    unfollowed=Unfollowed.FORGOTTEN,
)
PRESENCE = Family(
    "presence",
    Kind.LATEST,
    (UserPresence,),
    "Users who enter or leave a contest's room.",
    parameter=CONTEST_ID_PATTERN,
    placeholder="id",
    key=_presence_key,
    key_description="wallet",
    is_tombstone=lambda event: isinstance(event, UserPresence) and event.action == "leave",
)
LEADERBOARD = Family(
    "leaderboard",
    Kind.LATEST,
    (LeaderboardUpdate,),
    "The top 100 of a contest.",
    parameter=CONTEST_ID_PATTERN,
    placeholder="id",
    unfollowed=Unfollowed.FORGOTTEN,
)
CHAT = Family(
    "chat",
    Kind.EVERY,
    (ChatMessage, ChatMessageDeleted),
    "The chat of a contest's room.",
    parameter=CONTEST_ID_PATTERN,
    placeholder="id",
)
PARTICIPANT = Family(
    "participant",
    Kind.LATEST,
    (ParticipantUpdate,),
    "Rank and value of one participant.",
    parameter=rf"{WALLET_PATTERN}\.{CONTEST_ID_PATTERN}",
    placeholder="wallet>.<id",
    unfollowed=Unfollowed.SILENT,
    subject=lambda parameter: parameter.rpartition(".")[2],
)
