"""The messages of `contest`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..messages import Command, Message
from .common import (
    Authenticate as Authenticate,
    AuthSuccess as AuthSuccess,
    ConnectionEstablished as ConnectionEstablished,
    ErrorEvent as ErrorEvent,
    GetSubscriptions as GetSubscriptions,
    Heartbeat as Heartbeat,
    HeartbeatAck as HeartbeatAck,
    Ping as Ping,
    Pong as Pong,
    SessionUpdated as SessionUpdated,
    Subscribe as Subscribe,
    SubscriptionConfirmed as SubscriptionConfirmed,
    SubscriptionList as SubscriptionList,
    Unsubscribe as Unsubscribe,
    UnsubscriptionConfirmed as UnsubscriptionConfirmed,
)
from .records import (
    ChatMessageRecord,
    ContestCapabilities,
    ContestView,
    Leaderboard,
    Participant,
    RoomMember,
    RoomUser,
    Since,
)


class AdminPresence(Message, frozen=True, kw_only=True, tag="admin_presence"):
    """Admins became visible in the room, or none is any longer."""

    contestId: int
    """The id of the contest."""
    active: bool
    """Whether at least one visible admin is in the room."""
    channel: str
    seq: int
    timestamp: str


class AdminPresenceUpdated(Message, frozen=True, kw_only=True, tag="admin_presence_updated"):
    """The admin is now shown or hidden."""

    contestId: int
    """The id of the contest."""
    visibility: str
    """Whether the admin is visible in the room. Known values: `invisible`, `visible`."""
    timestamp: str


class AllContests(Message, frozen=True, kw_only=True, tag="all_contests"):
    """A page of contests."""

    data: list[ContestView]
    """The contests."""
    nextCursor: str | None = None
    """The cursor of the next page; absent on the last one."""
    timestamp: str


class ChatMessage(Message, frozen=True, kw_only=True, tag="chat_message"):
    """A stored message."""

    contestId: int
    """The id of the contest."""
    data: ChatMessageRecord
    """The message."""
    duplicate: bool | None = None
    """True in the answer to a `messageId` that was sent again; otherwise absent."""
    timestamp: str


class ChatMessageDeleted(Message, frozen=True, kw_only=True, tag="chat_message_deleted"):
    """An admin deleted a message."""

    contestId: int
    """The id of the contest."""
    id: int
    """The id of the message."""
    channel: str
    seq: int
    timestamp: str


class ChatMessages(Message, frozen=True, kw_only=True, tag="chat_messages"):
    """A page of the chat."""

    contestId: int
    """The id of the contest."""
    data: list[ChatMessageRecord]
    """Messages in the order of their ids."""
    hasMore: bool
    """Whether there are more messages in the requested direction."""
    timestamp: str


class ContestRemoved(Message, frozen=True, kw_only=True, tag="contest_removed"):
    """A contest left the default list."""

    contestId: int
    """The id of the contest."""
    channel: str
    seq: int
    timestamp: str


class ContestRoomJoined(Message, frozen=True, kw_only=True, tag="contest_room_joined"):
    """The room was entered; the state of the contest, its chat and its leaderboard come next."""

    contestId: int
    """The id of the contest."""
    role: str
    """The caller's role in the room. Known values: `admin`, `participant`, `spectator`."""
    members: list[RoomMember]
    """The members of the room, most recently joined first, at most 100."""
    memberCount: int
    """How many members the room has; hidden admins do not count."""
    spectatorCount: int
    """How many members are neither participants nor admins, plus the anonymous connections."""
    positions: dict[str, int]
    """The position of `chat.{contestId}`, by the name of the channel."""
    recovered: bool | None = None
    """Present if a `since` was given. If it is true, the chat messages after that position follow; otherwise the
    last 20 follow, and replace those that the client had."""
    timestamp: str


class ContestRoomLeft(Message, frozen=True, kw_only=True, tag="contest_room_left"):
    """No further push of this contest is sent, except on `public.contests`."""

    contestId: int
    """The id of the contest."""
    timestamp: str


class ContestState(Message, frozen=True, kw_only=True, tag="contest_state"):
    """The present state of a contest."""

    contestId: int
    """The id of the contest."""
    data: ContestView
    """The contest."""
    timestamp: str


class ContestWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    """A greeting for people."""
    capabilities: ContestCapabilities
    """The rights of this connection."""
    timestamp: str


class LeaderboardUpdate(Message, frozen=True, kw_only=True, tag="leaderboard_update"):
    """A page of the leaderboard; pushes contain the top 100."""

    contestId: int
    """The id of the contest."""
    data: Leaderboard
    """The page."""
    timestamp: str


class ParticipantUpdate(Message, frozen=True, kw_only=True, tag="participant_update"):
    """Rank, value or status of a participant."""

    contestId: int
    """The id of the contest."""
    wallet: str
    """The wallet."""
    data: Participant
    """The participant."""
    timestamp: str


class SpectatorCount(Message, frozen=True, kw_only=True, tag="spectator_count"):
    """How many spectators are in the room."""

    contestId: int
    """The id of the contest."""
    count: int
    """The wallets in the room that are neither participants nor admins, and the anonymous connections."""
    channel: str
    seq: int
    timestamp: str


class UserPresence(Message, frozen=True, kw_only=True, tag="user_presence"):
    """A user entered or left the room."""

    contestId: int
    """The id of the contest."""
    action: str
    """`join` if the user entered, `leave` if the user left. Known values: `join`, `leave`."""
    user: RoomUser
    """The user."""
    channel: str
    seq: int
    timestamp: str


class GetAllContests(Command[AllContests, Literal["contest"]], frozen=True, kw_only=True, tag="get_all_contests"):
    """Asks for the default list (pending and active contests, then those that ended within the last day) or, with
    `status`, for all contests with that status; each latest start first. Also follows `public.contests`."""

    status: Literal["active", "cancelled", "completed", "pending"] | None = None
    """The status of the contests to list; without it, the default list."""
    limit: int | None = None
    """How many contests the page has at most; 100 by default."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class GetChatMessages(Command[ChatMessages, Literal["contest"]], frozen=True, kw_only=True, tag="get_chat_messages"):
    """Asks for the messages before or after a given one, or for the newest."""

    contestId: int | str
    """The id of the contest."""
    beforeId: int | None = None
    """Asks for the messages before the one with this id; excludes `afterId`."""
    afterId: int | None = None
    """Asks for the messages after the one with this id; excludes `beforeId`."""
    limit: int | None = None
    """How many messages the page has at most; 50 by default."""


class GetContestState(Command[ContestState, Literal["contest"]], frozen=True, kw_only=True, tag="get_contest_state"):
    """Asks for a contest, and follows it."""

    contestId: int | str
    """The id of the contest."""


class GetLeaderboard(Command[LeaderboardUpdate, Literal["contest"]], frozen=True, kw_only=True, tag="get_leaderboard"):
    """Asks for a page of the leaderboard, and follows its top."""

    contestId: int | str
    """The id of the contest."""
    limit: int | None = None
    """How many rows the page has at most; 100 by default."""
    offset: int | None = None
    """How many rows to skip; 0 by default."""
    around: str | None = None
    """The wallet in the middle of the page; excludes `offset`. 1 to 64 characters of A-Z a-z 0-9 _ -"""


class GetParticipantStatus(
    Command[ParticipantUpdate, Literal["contest"]], frozen=True, kw_only=True, tag="get_participant_status"
):
    """Asks for the row of a wallet, by default the caller's own. The owner of the wallet and admins also follow the
    row; others see it only once the contest is completed."""

    contestId: int | str
    """The id of the contest."""
    wallet: str | None = None
    """The wallet to look up; by default the caller's own. 1 to 64 characters of A-Z a-z 0-9 _ -"""


class JoinContestRoom(
    Command[ContestRoomJoined, Literal["contest"]], frozen=True, kw_only=True, tag="join_contest_room"
):
    """Enters the room of a contest and follows its channels."""

    contestId: int | str
    """The id of the contest."""
    since: Since | None = None
    """The position of `chat.{contestId}` to resume from."""
    visibility: Literal["invisible", "visible"] | None = None
    """Whether an admin is visible in the room; `invisible` by default. Others may not send this field."""


class LeaveContestRoom(
    Command[ContestRoomLeft, Literal["contest"]], frozen=True, kw_only=True, tag="leave_contest_room"
):
    """Leaves the room and all channels of the contest."""

    contestId: int | str
    """The id of the contest."""


class SendChatMessage(Command[ChatMessage, Literal["contest"]], frozen=True, kw_only=True, tag="send_chat_message"):
    """Posts a message in the room; the answer is the stored message."""

    contestId: int | str
    """The id of the contest."""
    text: str
    """Plain text, at most 500 characters and 4,000 bytes by default; it is trimmed."""
    messageId: str | None = None
    """An id that the client gives the message, so that it can send it again safely: a message is stored only once
    per `messageId`, wallet and contest. A UUID."""


class SetAdminPresence(
    Command[AdminPresenceUpdated, Literal["contest"]], frozen=True, kw_only=True, tag="set_admin_presence"
):
    """Shows or hides an admin in a room."""

    contestId: int | str
    """The id of the contest."""
    visibility: Literal["invisible", "visible"]
    """Whether the admin is visible in the room."""


ContestMessage: TypeAlias = (
    AllContests
    | ContestState
    | ParticipantUpdate
    | LeaderboardUpdate
    | ContestRoomJoined
    | ContestRoomLeft
    | ChatMessage
    | AdminPresenceUpdated
    | ChatMessages
    | HeartbeatAck
    | Pong
    | SubscriptionConfirmed
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | ContestWelcome
    | ConnectionEstablished
    | SessionUpdated
    | ErrorEvent
    | ContestRemoved
    | AdminPresence
    | SpectatorCount
    | UserPresence
    | ChatMessageDeleted
)


MESSAGES: dict[str, type[Message]] = {
    "all_contests": AllContests,
    "contest_state": ContestState,
    "participant_update": ParticipantUpdate,
    "leaderboard_update": LeaderboardUpdate,
    "contest_room_joined": ContestRoomJoined,
    "contest_room_left": ContestRoomLeft,
    "chat_message": ChatMessage,
    "admin_presence_updated": AdminPresenceUpdated,
    "chat_messages": ChatMessages,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "subscription_confirmed": SubscriptionConfirmed,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "welcome": ContestWelcome,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "error": ErrorEvent,
    "contest_removed": ContestRemoved,
    "admin_presence": AdminPresence,
    "spectator_count": SpectatorCount,
    "user_presence": UserPresence,
    "chat_message_deleted": ChatMessageDeleted,
}
"""The messages of the server on `contest`, by `type`."""
