"""Contests: leaderboards, participants, rooms and chat (protocol §5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from duelcast.channels.broker import Position
from duelcast.channels.names import Channel, Role
from duelcast.domain.accounts.identity import WALLET_GRAMMAR, WALLET_PATTERN, Identity
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.errors import NotInRoom
from duelcast.domain.contests.events import (
    CHAT,
    CONTEST,
    LEADERBOARD,
    PARTICIPANT,
    PRESENCE,
    PUBLIC_CONTESTS,
    AdminPresence,
    ChatMessage,
    ChatMessageRecord,
    ContestId,
    ContestState,
    ContestStatus,
    ContestView,
    LeaderboardUpdate,
    ParticipantUpdate,
    RoomMember,
    RoomRole,
    SpectatorCount,
    Visibility,
    contest_id_of,
)
from duelcast.domain.contests.service import Contests
from duelcast.endpoints.common import Since
from duelcast.endpoints.context import Context, Snapshot, Target
from duelcast.endpoints.kit import KIB, Auth, Endpoint
from duelcast.errors import InvalidRequest, PermissionDenied, Unauthorized
from duelcast.store.contests import COMPLETED
from duelcast.wire.messages import MAX_SAFE_INTEGER, Command, Event

Wallet = Annotated[str, Meta(pattern=rf"^{WALLET_PATTERN}(?!\n)$", description=WALLET_GRAMMAR)]
MessageNumber = Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]

endpoint = Endpoint(
    "contest",
    "Contests with their live leaderboards, participants, rooms and chat.",
    auth=Auth.TOKEN,
    max_message_bytes=64 * KIB,
    messages_per_minute=120,
    public_name="public.contests",
    successors={
        "JOIN_ROOM": "join_contest_room",
        "LEAVE_ROOM": "leave_contest_room",
        "SEND_CHAT_MESSAGE": "send_chat_message",
    },
)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Capabilities(Struct):
    """The rights of this connection."""

    contests: bool
    """Whether it may read contests."""
    chat: bool
    """Whether it may write in the chat."""
    leaderboard: bool
    """Whether it may read leaderboards."""
    participant: bool
    """Whether it may follow the row of its own wallet."""
    admin: bool
    """Whether it has the rights of an admin."""


class Welcome(Event, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    """A greeting for people."""
    capabilities: Capabilities
    """The rights of this connection."""


class GetAllContests(Command, tag="get_all_contests"):
    """Asks for the default list (pending and active contests, then those that ended within the last day) or, with
    `status`, for all contests with that status; each latest start first. Also follows `public.contests`."""

    status: ContestStatus | None = None
    """The status of the contests to list; without it, the default list."""
    limit: Annotated[int, Meta(ge=1, le=100)] | None = None
    """How many contests the page has at most; 100 by default."""
    cursor: Annotated[str, Meta(max_length=64)] | None = None
    """The `nextCursor` of the previous page."""


class AllContests(Event, tag="all_contests"):
    """A page of contests."""

    data: list[ContestView]
    """The contests."""
    nextCursor: str | UnsetType = UNSET
    """The cursor of the next page; absent on the last one."""


class GetContestState(Command, tag="get_contest_state"):
    """Asks for a contest, and follows it."""

    contestId: ContestId
    """The id of the contest."""


class GetParticipantStatus(Command, tag="get_participant_status"):
    """Asks for the row of a wallet, by default the caller's own. The owner of the wallet and admins also follow the
    row; others see it only once the contest is completed."""

    contestId: ContestId
    """The id of the contest."""
    wallet: Wallet | None = None
    """The wallet to look up; by default the caller's own."""


class GetLeaderboard(Command, tag="get_leaderboard"):
    """Asks for a page of the leaderboard, and follows its top."""

    contestId: ContestId
    """The id of the contest."""
    limit: Annotated[int, Meta(ge=1, le=500)] | None = None
    """How many rows the page has at most; 100 by default."""
    offset: Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)] | None = None
    """How many rows to skip; 0 by default."""
    around: Wallet | None = None
    """The wallet in the middle of the page; excludes `offset`."""

    def __post_init__(self) -> None:
        if self.around is not None and self.offset is not None:
            raise InvalidRequest("Give `offset` or `around`, not both.", field="offset")


class JoinContestRoom(Command, tag="join_contest_room"):
    """Enters the room of a contest and follows its channels."""

    contestId: ContestId
    """The id of the contest."""
    since: Since | None = None
    """The position of `chat.{contestId}` to resume from."""
    visibility: Visibility | None = None
    """Whether an admin is visible in the room; `invisible` by default. Others may not send this field."""


class ContestRoomJoined(Event, tag="contest_room_joined"):
    """The room was entered; the state of the contest, its chat and its leaderboard come next."""

    names_positions: ClassVar[bool] = True

    contestId: int
    """The id of the contest."""
    role: RoomRole
    """The caller's role in the room."""
    members: list[RoomMember]
    """The members of the room, most recently joined first, at most 100."""
    memberCount: int
    """How many members the room has; hidden admins do not count."""
    spectatorCount: int
    """How many members are neither participants nor admins, plus the anonymous connections."""
    positions: dict[str, int]
    """The position of `chat.{contestId}`, by the name of the channel."""
    recovered: bool | UnsetType = UNSET
    """Present if a `since` was given. If it is true, the chat messages after that position follow; otherwise the last
    20 follow, and replace those that the client had."""


class LeaveContestRoom(Command, tag="leave_contest_room"):
    """Leaves the room and all channels of the contest."""

    contestId: ContestId
    """The id of the contest."""


class ContestRoomLeft(Event, tag="contest_room_left"):
    """No further push of this contest is sent, except on `public.contests`."""

    contestId: int
    """The id of the contest."""


class SendChatMessage(Command, tag="send_chat_message"):
    """Posts a message in the room; the answer is the stored message."""

    contestId: ContestId
    """The id of the contest."""
    text: str
    """Plain text, at most 500 characters and 4,000 bytes by default; it is trimmed."""
    messageId: Annotated[str, Meta(max_length=64, description="A UUID.")] | None = None
    """An id that the client gives the message, so that it can send it again safely: a message is stored only once per
    `messageId`, wallet and contest."""


class SetAdminPresence(Command, tag="set_admin_presence"):
    """Shows or hides an admin in a room."""

    contestId: ContestId
    """The id of the contest."""
    visibility: Visibility
    """Whether the admin is visible in the room."""


class AdminPresenceUpdated(Event, tag="admin_presence_updated"):
    """The admin is now shown or hidden."""

    contestId: int
    """The id of the contest."""
    visibility: Visibility
    """Whether the admin is visible in the room."""


class GetChatMessages(Command, tag="get_chat_messages"):
    """Asks for the messages before or after a given one, or for the newest."""

    contestId: ContestId
    """The id of the contest."""
    beforeId: MessageNumber | None = None
    """Asks for the messages before the one with this id; excludes `afterId`."""
    afterId: MessageNumber | None = None
    """Asks for the messages after the one with this id; excludes `beforeId`."""
    limit: Annotated[int, Meta(ge=1, le=100)] | None = None
    """How many messages the page has at most; 50 by default."""


class ChatMessages(Event, tag="chat_messages"):
    """A page of the chat."""

    contestId: int
    """The id of the contest."""
    data: list[ChatMessageRecord]
    """Messages in the order of their ids."""
    hasMore: bool
    """Whether there are more messages in the requested direction."""


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _contest_exists(context: Context, parameter: str) -> bool:
    return int(parameter) in context.service(Contests).book


def _participant_exists(context: Context, parameter: str) -> bool:
    return _contest_exists(context, parameter.rpartition(".")[2])


def that_wallet_and_admins(identity: Identity | None, parameter: str) -> bool:
    """The owner of the wallet, and admins."""
    wallet = parameter.rpartition(".")[0]
    return identity is not None and (identity.is_admin or identity.wallet == wallet)


async def _list_snapshot(context: Context, _channel: Channel) -> Snapshot:
    contests = context.service(Contests)
    listed, _ = contests.book.page(limit=len(contests.book.listed))
    views = [contests.view(contest, for_admin=False) for contest in listed]
    return Snapshot([AllContests(data=views)], rows=len(views))


async def _contest_snapshot(context: Context, channel: Channel) -> Snapshot:
    contests = context.service(Contests)
    contest = contests.book[int(channel.parameter)]
    view = contests.view(contest, for_admin=False)
    return Snapshot(
        [
            ContestState(contestId=contest.id, data=view),
            AdminPresence(contestId=contest.id, active=view.hasAdminPresence),
            SpectatorCount(contestId=contest.id, count=view.spectatorCount),
        ]
    )


async def _no_snapshot(_context: Context, _channel: Channel) -> Snapshot:
    return Snapshot([])


async def _leaderboard_snapshot(context: Context, channel: Channel) -> Snapshot:
    board = await context.service(Contests).standings.leaderboard(int(channel.parameter))
    return Snapshot([LeaderboardUpdate(contestId=board.contestId, data=board)], rows=len(board.entries))


async def _participant_snapshot(context: Context, channel: Channel) -> Snapshot:
    wallet, _, contest_id = channel.parameter.rpartition(".")
    row = await context.service(Contests).standings.participant(int(contest_id), wallet)
    return Snapshot([ParticipantUpdate(contestId=int(contest_id), wallet=wallet, data=row)])


async def _chat_snapshot(context: Context, channel: Channel) -> Snapshot:
    contest_id = int(channel.parameter)
    messages, seq = await context.service(Contests).chat.last(contest_id)
    return Snapshot([ChatMessage(contestId=contest_id, data=message) for message in messages], seq)


endpoint.opens(PUBLIC_CONTESTS, snapshot=_list_snapshot, snapshot_events=(AllContests,))
endpoint.opens(CONTEST, exists=_contest_exists, snapshot=_contest_snapshot)
endpoint.opens(PRESENCE, exists=_contest_exists, snapshot=_no_snapshot)
endpoint.opens(LEADERBOARD, exists=_contest_exists, snapshot=_leaderboard_snapshot)
endpoint.opens(CHAT, exists=_contest_exists, snapshot=_chat_snapshot, snapshot_events=(ChatMessage,))
endpoint.opens(PARTICIPANT, that_wallet_and_admins, exists=_participant_exists, snapshot=_participant_snapshot)


# ── connecting and disconnecting ────────────────────────────────────────────────────────────────────────────────────


@endpoint.on_connect(Welcome)
async def greet(context: Context) -> Sequence[Event]:
    identity = context.identity
    known = identity is not None
    capabilities = Capabilities(
        contests=True,
        chat=known,
        leaderboard=True,
        participant=known,
        admin=identity is not None and identity.is_admin,
    )
    return [Welcome(message="Welcome to the contests.", capabilities=capabilities)]


@endpoint.on_disconnect
def leave_rooms(context: Context) -> None:
    context.service(Contests).rooms.leave_all(context.connection_id)


@endpoint.on_identity_change
def change_identity(context: Context, _before: object) -> None:
    context.service(Contests).rooms.identity_changed(context.connection_id, context.identity)


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


_ROOM = tuple(family.template for family in (CONTEST, PRESENCE, CHAT, LEADERBOARD))


@endpoint.command(GetAllContests, joins=(PUBLIC_CONTESTS.template,))
async def get_all_contests(context: Context, command: GetAllContests) -> AllContests:
    contests = context.service(Contests)
    await context.join([PUBLIC_CONTESTS.channel()], snapshot_only_if_new=True)
    found, cursor = contests.book.page(status=command.status, limit=command.limit or 100, cursor=command.cursor)
    context.answered_rows = len(found)
    data = [_view(context, contest) for contest in found]
    return AllContests(data=data, nextCursor=UNSET if cursor is None else cursor)


@endpoint.command(GetContestState, errors=("CONTEST_NOT_FOUND",), joins=(CONTEST.template,))
async def get_contest_state(context: Context, command: GetContestState) -> ContestState:
    contest = _contest(context, command.contestId)
    await context.join([CONTEST.channel(str(contest.id))], snapshot_only_if_new=True)
    return ContestState(contestId=contest.id, data=_view(context, contest))


@endpoint.command(
    GetParticipantStatus,
    errors=("CONTEST_NOT_FOUND", "UNAUTHORIZED", "PERMISSION_DENIED"),
    joins=(PARTICIPANT.template,),
)
async def get_participant_status(context: Context, command: GetParticipantStatus) -> ParticipantUpdate:
    identity = context.identity
    wallet = command.wallet
    if wallet is None:
        if identity is None:
            raise Unauthorized("Send `auth` with a token to see your own row, or name a wallet of a completed contest.")
        wallet = identity.wallet
    contest = _contest(context, command.contestId)
    parameter = f"{wallet}.{contest.id}"
    if that_wallet_and_admins(identity, parameter):
        await context.join([PARTICIPANT.channel(parameter)], snapshot_only_if_new=True)
    elif contest.row.status != COMPLETED:
        if identity is None:
            raise Unauthorized("The rows of others are shown once the contest is completed. Send `auth` to see yours.")
        raise PermissionDenied("The rows of others are shown once the contest is completed.", field="wallet")
    row = await context.service(Contests).standings.participant(contest.id, wallet)
    return ParticipantUpdate(contestId=contest.id, wallet=wallet, data=row)


@endpoint.command(GetLeaderboard, errors=("CONTEST_NOT_FOUND", "NOT_ENTERED"), joins=(LEADERBOARD.template,))
async def get_leaderboard(context: Context, command: GetLeaderboard) -> LeaderboardUpdate:
    contest = _contest(context, command.contestId)
    await context.join([LEADERBOARD.channel(str(contest.id))], snapshot_only_if_new=True)
    board = await context.service(Contests).standings.leaderboard(
        contest.id, offset=command.offset or 0, limit=command.limit or 100, around=command.around
    )
    context.answered_rows = len(board.entries)
    return LeaderboardUpdate(contestId=contest.id, data=board)


@endpoint.command(
    JoinContestRoom,
    errors=("CONTEST_NOT_FOUND", "PERMISSION_DENIED", "TOO_MANY_SUBSCRIPTIONS"),
    joins=(*_ROOM, PARTICIPANT.template),
)
async def join_contest_room(context: Context, command: JoinContestRoom) -> ContestRoomJoined:
    contest = _contest(context, command.contestId)
    contests = context.service(Contests)
    took_part = await _took_part(context, contest)
    # Rooms notice a new identity only of connections that they know, so nothing may be awaited between reading the
    # identity here and `rooms.join`.
    identity = context.identity
    if command.visibility is not None and (identity is None or not identity.is_admin):
        raise PermissionDenied("`visibility` is for admins: leave it out.", field="visibility")
    number = str(contest.id)
    chat = CHAT.channel(number)
    room: list[Channel] = [CONTEST.channel(number), PRESENCE.channel(number), chat, LEADERBOARD.channel(number)]
    if identity is not None:
        room.append(PARTICIPANT.channel(f"{identity.wallet}.{number}"))
    since: dict[Target, Position] | None = (
        None if command.since is None else {chat: Position(command.since.epoch, command.since.seq)}
    )
    rooms, connection_id = contests.rooms, context.connection_id
    was_there = rooms.is_in(contest.id, connection_id)
    # Enter the room before following its channels, so that the snapshots include this connection.
    rooms.join(contest.id, connection_id, identity, command.visibility or "invisible", took_part=took_part)
    try:
        await context.join(room, since=since)
    except Exception:
        if not was_there:
            rooms.leave(contest.id, connection_id)
        raise
    # Read the list last, so that it is consistent with every `user_presence` after the reply.
    attendance = rooms.attend(contest.id, connection_id)
    context.answered_rows = len(attendance.members)
    return ContestRoomJoined(
        contestId=contest.id,
        role=rooms.role_of(contest.id, connection_id),
        members=attendance.members,
        memberCount=attendance.member_count,
        spectatorCount=attendance.spectator_count,
        positions={},
    )


@endpoint.command(
    LeaveContestRoom,
    errors=("CONTEST_NOT_FOUND",),
    leaves=(*_ROOM, PARTICIPANT.template.replace("{wallet}", "*")),
)
def leave_contest_room(context: Context, command: LeaveContestRoom) -> ContestRoomLeft:
    contest = _contest(context, command.contestId)
    context.service(Contests).rooms.leave(contest.id, context.connection_id)

    def is_of_room(target: Target) -> bool:
        if target.family is PARTICIPANT:
            return target.parameter.rpartition(".")[2] == str(contest.id)
        return target.family is not PUBLIC_CONTESTS and target.parameter == str(contest.id)

    context.leave_where(is_of_room)
    return ContestRoomLeft(contestId=contest.id)


@endpoint.command(
    SendChatMessage,
    least_role=Role.USER,
    errors=(
        "CONTEST_NOT_FOUND",
        "NOT_IN_ROOM",
        "MESSAGE_TOO_LONG",
        "EMPTY_MESSAGE",
        "MUTED",
        "INVALID_STATE",
        "CHAT_MESSAGE_NOT_FOUND",
        "OUTCOME_UNKNOWN",
    ),
    paused_by_maintenance=True,
    idempotency_key="messageId",
)
async def send_chat_message(context: Context, command: SendChatMessage) -> ChatMessage | None:
    identity = context.identity
    assert identity is not None
    contest = _contest(context, command.contestId)
    contests = context.service(Contests)
    if not contests.rooms.is_in(contest.id, context.connection_id):
        raise NotInRoom("Join the room of the contest first, with `join_contest_room`.")
    sent = await contests.chat.send(contest.id, identity, command.text, command.messageId, context.origin)
    if sent.duplicate:
        return ChatMessage(contestId=contest.id, data=sent.record, duplicate=True)
    if context.holds(CHAT.channel(str(contest.id))):
        return None  # the push carries the `requestId`
    return ChatMessage(contestId=contest.id, data=sent.record)


@endpoint.command(SetAdminPresence, least_role=Role.ADMIN, errors=("CONTEST_NOT_FOUND", "NOT_IN_ROOM"))
def set_admin_presence(context: Context, command: SetAdminPresence) -> AdminPresenceUpdated:
    contest = _contest(context, command.contestId)
    rooms = context.service(Contests).rooms
    if not rooms.is_in(contest.id, context.connection_id):
        raise NotInRoom("Join the room of the contest first, with `join_contest_room`.")
    rooms.set_visibility(contest.id, context.connection_id, command.visibility)
    return AdminPresenceUpdated(contestId=contest.id, visibility=command.visibility)


@endpoint.command(GetChatMessages, errors=("CONTEST_NOT_FOUND",), safe=True)
async def get_chat_messages(context: Context, command: GetChatMessages) -> ChatMessages:
    contest = _contest(context, command.contestId)
    messages, has_more = await context.service(Contests).chat.page(
        contest.id, before_id=command.beforeId, after_id=command.afterId, limit=command.limit or 50
    )
    context.answered_rows = len(messages)
    return ChatMessages(contestId=contest.id, data=messages, hasMore=has_more)


def _contest(context: Context, given: int | str) -> Contest:
    return context.service(Contests).book[contest_id_of(given)]


async def _took_part(context: Context, contest: Contest) -> bool:
    identity = context.identity
    return identity is not None and await context.service(Contests).standings.took_part(contest.id, identity.wallet)


def _view(context: Context, contest: Contest) -> ContestView:
    identity = context.identity
    for_admin = identity is not None and identity.is_admin
    return context.service(Contests).view(contest, for_admin=for_admin)
