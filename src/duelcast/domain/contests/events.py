"""Messages of contests, and their channels (protocol §2, §5, §12)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind, Unfollowed
from duelcast.domain.accounts.identity import WALLET_PATTERN
from duelcast.store import contests as store
from duelcast.wire.messages import MAX_SAFE_INTEGER, Event, Record, Timestamp

CONTEST_ID_PATTERN = r"[1-9][0-9]{0,15}"

ContestStatus: TypeAlias = store.ContestStatus
EntryStatus = Literal["registered", "active", "disqualified", "finished"]
RoomRole = Literal["participant", "spectator", "admin"]
Visibility = Literal["visible", "invisible"]

# A string of digits is accepted wherever an id is (protocol §1.1); handlers use `contest_id_of`.
ContestId = (
    Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]
    | Annotated[str, Meta(pattern=rf"^{CONTEST_ID_PATTERN}(?!\n)$", description="The digits of an id.")]
)


def contest_id_of(given: int | str) -> int:
    """The id as a number; clients may send an integer or a string of its digits."""
    return int(given)


class Payout(Record):
    """A share of the prize pool."""

    place: int
    """The place, from 1."""
    percent: float
    """The percentage of the prize pool that goes to the place; all of them sum to at most 100."""


class ContestView(Record):
    """A contest (protocol §12)."""

    id: int
    """The id of the contest."""
    contest_code: str
    """A code for people: 8 characters of A-Z 2-9."""
    name: str
    """The name, at most 100 characters of plain text."""
    description: str | None
    """A text about the contest, plain text; null if there is none."""
    image_url: str | None
    """An `https:` URL of the contest's image; null if there is none."""
    start_time: Timestamp
    """When the contest starts."""
    end_time: Timestamp
    """When the contest ends."""
    status: ContestStatus
    """`pending` before the start, `active` until the end, then `completed`; or `cancelled`."""
    entry_fee: str
    """The fee to enter, a decimal number in `currency` with at most 9 decimals."""
    prize_pool: str
    """The sum that the winners share, a decimal number in `currency` with at most 9 decimals."""
    currency: str
    """The currency of the fee and the prizes, such as `SOL`."""
    payout: list[Payout]
    """The shares of the prize pool by place."""
    min_participants: int
    """With fewer participants at `start_time`, the contest is cancelled."""
    max_participants: int | None
    """The largest number of participants; null means no limit."""
    starting_balance: float
    """The value of every portfolio at the start, in the unit in which all values of the contest are given."""
    allowed_symbols: list[str]
    """The symbols that portfolios may contain; empty means all."""
    rules: str | None
    """The rules, plain text; null if there are none."""
    participantCount: int
    """How many participants there are, without disqualified ones."""
    spectatorCount: int
    """How many spectators are in the room."""
    hasAdminPresence: bool
    """Whether at least one visible admin is in the room."""
    cancellation_reason: str | None
    """Why the contest was cancelled; null unless it was."""
    updated_at: Timestamp
    """When the contest last changed."""
    created_by: str | UnsetType = UNSET
    """The wallet of the admin who created the contest; sent only to admins."""
    created_at: Timestamp | UnsetType = UNSET
    """When the contest was created; sent only to admins."""
    muted: list[str] | UnsetType = UNSET
    """The wallets that may not write in the chat; sent only to admins."""


class Holding(Record):
    """A token in a portfolio."""

    symbol: str
    """The symbol of the token."""
    weight: int
    """The weight last chosen, in percent; the weights of a portfolio sum to 100."""
    quantity: float | None
    """How much of the token the portfolio has; null before the start."""
    price: float | None
    """The price of the token; null before the start, and if it is unknown."""
    value: float | None
    """`quantity` × `price`, in the unit of the starting balance; null if either is null."""


class Participant(Record):
    """A wallet in a contest (protocol §12). If the wallet has not entered, only `isParticipant` and `walletAddress` are
    present."""

    isParticipant: bool
    """Whether the wallet has entered the contest."""
    walletAddress: str
    """The wallet."""
    nickname: str | UnsetType | None = UNSET
    """The nickname; null if there is none."""
    status: EntryStatus | UnsetType = UNSET
    """`registered` before the start, `active` until the end, then `finished`; or `disqualified`."""
    entryTime: Timestamp | UnsetType = UNSET
    """When the wallet entered."""
    initialBalance: float | UnsetType = UNSET
    """The value of the portfolio at the start."""
    portfolioValue: float | UnsetType = UNSET
    """The value of the portfolio now, or at the end."""
    returnPct: float | UnsetType = UNSET
    """(`portfolioValue` − `initialBalance`) / `initialBalance` in percent, with two decimals."""
    rank: int | UnsetType | None = UNSET
    """The rank, from 1; equal values share a rank. Null if the participant is disqualified."""
    totalParticipants: int | UnsetType = UNSET
    """How many participants are ranked."""
    portfolio: list[Holding] | UnsetType = UNSET
    """The tokens of the portfolio; until the contest is completed, sent only to its owner and to admins."""
    prize: str | UnsetType = UNSET
    """The prize, a decimal number in the contest's currency; present once the contest is completed, if there is one."""
    finalRank: int | UnsetType = UNSET
    """The rank at the end; present once the contest is completed, unless the participant is disqualified."""


class LeaderboardRow(Record):
    """A participant in a leaderboard."""

    rank: int
    """The rank, from 1; equal values share a rank."""
    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    value: float
    """The value of the portfolio, in the unit of the starting balance."""
    returnPct: float
    """The return since the start in percent, with two decimals."""
    rankChange: int
    """The rank at the last full minute − the rank now, so that rising is positive; 0 for new rows and until the first
    full minute."""
    entryTime: Timestamp
    """When the wallet entered."""


class Leaderboard(Record):
    """A page of a leaderboard."""

    contestId: int
    """The id of the contest."""
    entries: list[LeaderboardRow]
    """The rows of the page, best rank first."""
    offset: int
    """How many rows come before the page."""
    limit: int
    """How many rows the page has at most."""
    total: int
    """How many rows the leaderboard has."""
    version: int
    """Grows with each ranking, so that the newer of two pages is the one with the greater version."""
    updatedAt: Timestamp
    """When the ranking was made."""


class Sender(Record):
    """The author of a message, as of the time of writing."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there was none."""
    role: str
    """`user`, `admin` or `superadmin`."""


class ChatMessageRecord(Record):
    """A stored message."""

    id: int
    """The id of the message; later messages of the contest have greater ids."""
    contestId: int
    """The id of the contest."""
    sender: Sender
    """The author."""
    text: str
    """Plain text; clients must escape it."""
    timestamp: Timestamp
    """When the message was stored."""
    isAdmin: bool
    """Whether an admin wrote the message."""
    messageId: str | UnsetType = UNSET
    """The id that the sender gave the message, a UUID; absent if it gave none."""


class RoomUser(Record):
    """A user in a room."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""


class RoomMember(Record):
    """A user in the list of a room's members."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    role: RoomRole
    """The role in the room; `admin` comes before `participant` and `spectator`."""


class ContestState(Event, tag="contest_state"):
    """The present state of a contest."""

    contestId: int
    """The id of the contest."""
    data: ContestView
    """The contest."""


class ContestRemoved(Event, tag="contest_removed"):
    """A contest left the default list."""

    contestId: int
    """The id of the contest."""


class AdminPresence(Event, tag="admin_presence"):
    """Admins became visible in the room, or none is any longer."""

    contestId: int
    """The id of the contest."""
    active: bool
    """Whether at least one visible admin is in the room."""


class SpectatorCount(Event, tag="spectator_count"):
    """How many spectators are in the room."""

    contestId: int
    """The id of the contest."""
    count: int
    """The wallets in the room that are neither participants nor admins, and the anonymous connections."""


class UserPresence(Event, tag="user_presence"):
    """A user entered or left the room."""

    contestId: int
    """The id of the contest."""
    action: Literal["join", "leave"]
    """`join` if the user entered, `leave` if the user left."""
    user: RoomUser
    """The user."""


class LeaderboardUpdate(Event, tag="leaderboard_update"):
    """A page of the leaderboard; pushes contain the top 100."""

    contestId: int
    """The id of the contest."""
    data: Leaderboard
    """The page."""


class ParticipantUpdate(Event, tag="participant_update"):
    """Rank, value or status of a participant."""

    contestId: int
    """The id of the contest."""
    wallet: str
    """The wallet."""
    data: Participant
    """The participant."""


class ChatMessage(Event, tag="chat_message"):
    """A stored message."""

    contestId: int
    """The id of the contest."""
    data: ChatMessageRecord
    """The message."""
    duplicate: bool | UnsetType = UNSET
    """True in the answer to a `messageId` that was sent again; otherwise absent."""


class ChatMessageDeleted(Event, tag="chat_message_deleted"):
    """An admin deleted a message."""

    contestId: int
    """The id of the contest."""
    id: int
    """The id of the message."""


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
    key_paths=("contestId",),
    is_tombstone=lambda event: isinstance(event, ContestRemoved),
)
CONTEST = Family(
    "contest",
    Kind.LATEST,
    (ContestState, AdminPresence, SpectatorCount),
    "The state of a contest, its number of spectators, and whether an admin is present.",
    parameter=rf"(?P<contestId>{CONTEST_ID_PATTERN})",
    key=_contest_key,
    key_paths=("type",),
    unfollowed=Unfollowed.FORGOTTEN,
)
PRESENCE = Family(
    "presence",
    Kind.LATEST,
    (UserPresence,),
    "Users who enter or leave a contest's room.",
    parameter=rf"(?P<contestId>{CONTEST_ID_PATTERN})",
    key=_presence_key,
    key_paths=("user.wallet",),
    is_tombstone=lambda event: isinstance(event, UserPresence) and event.action == "leave",
)
LEADERBOARD = Family(
    "leaderboard",
    Kind.LATEST,
    (LeaderboardUpdate,),
    "The top 100 of a contest.",
    parameter=rf"(?P<contestId>{CONTEST_ID_PATTERN})",
    unfollowed=Unfollowed.FORGOTTEN,
)
CHAT = Family(
    "chat",
    Kind.EVERY,
    (ChatMessage, ChatMessageDeleted),
    "The chat of a contest's room.",
    parameter=rf"(?P<contestId>{CONTEST_ID_PATTERN})",
)
PARTICIPANT = Family(
    "participant",
    Kind.LATEST,
    (ParticipantUpdate,),
    "Rank and value of one participant.",
    parameter=rf"(?P<wallet>{WALLET_PATTERN})\.(?P<contestId>{CONTEST_ID_PATTERN})",
    unfollowed=Unfollowed.SILENT,
    subject=lambda parameter: parameter.rpartition(".")[2],
)
