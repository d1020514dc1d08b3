"""The messages of `contest`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..messages import Command, Message
from .common import (
    AuthSuccess,
    ConnectionEstablished,
    ErrorEvent,
    HeartbeatAck,
    Pong,
    SessionUpdated,
    SubscriptionConfirmed,
    SubscriptionList,
    UnsubscriptionConfirmed,
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
    """Whether at least one visible admin is in the room."""

    contestId: int
    active: bool
    channel: str
    seq: int
    timestamp: str


class AdminPresenceUpdated(Message, frozen=True, kw_only=True, tag="admin_presence_updated"):
    """The admin is now shown or hidden."""

    contestId: int
    visibility: str
    """Known values: `invisible`, `visible`."""
    timestamp: str


class AllContests(Message, frozen=True, kw_only=True, tag="all_contests"):
    """A page of contests. The last page has no `nextCursor`."""

    data: list[ContestView]
    nextCursor: str | None = None
    timestamp: str


class ChatMessage(Message, frozen=True, kw_only=True, tag="chat_message"):
    """A stored message. `duplicate` is present if a `messageId` was sent again."""

    contestId: int
    data: ChatMessageRecord
    duplicate: bool | None = None
    timestamp: str


class ChatMessageDeleted(Message, frozen=True, kw_only=True, tag="chat_message_deleted"):
    """An admin deleted a message."""

    contestId: int
    id: int
    channel: str
    timestamp: str


class ChatMessages(Message, frozen=True, kw_only=True, tag="chat_messages"):
    """Messages in the order of their ids; `hasMore` is true if there are more in the requested direction."""

    contestId: int
    data: list[ChatMessageRecord]
    hasMore: bool
    timestamp: str


class ContestRemoved(Message, frozen=True, kw_only=True, tag="contest_removed"):
    """A contest left the default list."""

    contestId: int
    channel: str
    seq: int
    timestamp: str


class ContestRoomJoined(Message, frozen=True, kw_only=True, tag="contest_room_joined"):
    """The current state of the room. `members` has at most 100 entries, most recently joined first. `recovered` is
    present if a `since` was given. If it is true, the chat messages after that position follow; otherwise the
    last 20 messages follow, and replace those that the client had."""

    contestId: int
    role: str
    """Known values: `admin`, `participant`, `spectator`."""
    members: list[RoomMember]
    memberCount: int
    spectatorCount: int
    positions: dict[str, int]
    recovered: bool | None = None
    timestamp: str


class ContestRoomLeft(Message, frozen=True, kw_only=True, tag="contest_room_left"):
    """No further push of this contest is sent, except on `public.contests`."""

    contestId: int
    timestamp: str


class ContestState(Message, frozen=True, kw_only=True, tag="contest_state"):
    """The present state of a contest."""

    contestId: int
    data: ContestView
    timestamp: str


class ContestWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    capabilities: ContestCapabilities
    timestamp: str


class LeaderboardUpdate(Message, frozen=True, kw_only=True, tag="leaderboard_update"):
    """A page of the leaderboard; pushes contain the top 100."""

    contestId: int
    data: Leaderboard
    timestamp: str


class ParticipantUpdate(Message, frozen=True, kw_only=True, tag="participant_update"):
    """Rank, value or status of a participant."""

    contestId: int
    wallet: str
    data: Participant
    timestamp: str


class SpectatorCount(Message, frozen=True, kw_only=True, tag="spectator_count"):
    """How many spectators are in the room."""

    contestId: int
    count: int
    channel: str
    seq: int
    timestamp: str


class UserPresence(Message, frozen=True, kw_only=True, tag="user_presence"):
    """A user entered or left the room."""

    contestId: int
    action: str
    """Known values: `join`, `leave`."""
    user: RoomUser
    channel: str
    seq: int
    timestamp: str


class GetAllContests(Command[AllContests], frozen=True, kw_only=True, tag="get_all_contests"):
    """Asks for the default list (pending and active contests, then those that ended within the last day) or, with
    `status`, for all contests with that status; each latest start first. Also follows `public.contests`."""

    status: Literal["active", "cancelled", "completed", "pending"] | None = None
    limit: int | None = None
    cursor: str | None = None


class GetChatMessages(Command[ChatMessages], frozen=True, kw_only=True, tag="get_chat_messages"):
    """Asks for the messages before or after a given one, or for the newest."""

    contestId: int | str
    beforeId: int | None = None
    afterId: int | None = None
    limit: int | None = None


class GetContestState(Command[ContestState], frozen=True, kw_only=True, tag="get_contest_state"):
    """Asks for a contest, and follows it."""

    contestId: int | str


class GetLeaderboard(Command[LeaderboardUpdate], frozen=True, kw_only=True, tag="get_leaderboard"):
    """Asks for a page of the leaderboard, and follows its top. With `around`, which names a wallet, the page has the
    rows around that wallet's row."""

    contestId: int | str
    limit: int | None = None
    offset: int | None = None
    around: str | None = None


class GetParticipantStatus(Command[ParticipantUpdate], frozen=True, kw_only=True, tag="get_participant_status"):
    """Asks for the row of a wallet, by default the caller's own. The owner of the wallet and admins also follow the
    row; others see it only once the contest is completed."""

    contestId: int | str
    wallet: str | None = None


class JoinContestRoom(Command[ContestRoomJoined], frozen=True, kw_only=True, tag="join_contest_room"):
    """Enters the room of a contest and follows its channels. `since` is a position of `chat.<id>`; `visibility` is
    for admins, who are invisible by default."""

    contestId: int | str
    since: Since | None = None
    visibility: Literal["invisible", "visible"] | None = None


class LeaveContestRoom(Command[ContestRoomLeft], frozen=True, kw_only=True, tag="leave_contest_room"):
    """Leaves the room and all channels of the contest."""

    contestId: int | str


class SendChatMessage(Command[ChatMessage], frozen=True, kw_only=True, tag="send_chat_message"):
    """Posts a message in the room; the answer is the stored message. A message is stored only once per `messageId`."""

    contestId: int | str
    text: str
    messageId: str | None = None


class SetAdminPresence(Command[AdminPresenceUpdated], frozen=True, kw_only=True, tag="set_admin_presence"):
    """Shows or hides an admin in a room."""

    contestId: int | str
    visibility: Literal["invisible", "visible"]


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
