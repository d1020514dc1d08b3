"""The room of a contest."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ..contract import ends_with_room
from ..frames import Frame, read
from .base import Store
from .chat import Chat

Json = dict[str, Any]


class _Joined(Struct):
    role: str | None = None
    members: list[Json] = []
    memberCount: int | None = None
    spectatorCount: int | None = None


class _WithData(Struct):
    data: Json


class _Active(Struct):
    active: bool


class _Count(Struct):
    count: int


class _Presence(Struct):
    action: str
    user: Json


class Room(Store):
    """Everything that the channels of the room bring. A value that has not arrived yet is None."""

    def __init__(self, contest_id: int) -> None:
        super().__init__()
        self.contest_id = contest_id
        self.role: str | None = None
        self.contest: Json | None = None
        self.leaderboard: Json | None = None
        self.participant: Json | None = None
        self.members: list[Json] = []
        """In the order of joining."""
        self.member_count: int | None = None
        self.spectator_count: int | None = None
        self.admin_present: bool | None = None
        self.chat = Chat()

    @property
    def chat_channel(self) -> str:
        return f"chat.{self.contest_id}"

    def takes(self, channel: str) -> bool:
        return ends_with_room(channel, self.contest_id)

    def has_begun(self, channel: str) -> bool:
        return self.chat_channel in self._begun

    def accepts(self, *, is_repeat: bool) -> bool:
        return bool(self._begun)

    def joined(self, frame: Frame) -> None:
        """Take `contest_room_joined`."""
        if joined := read(frame.text, _Joined):
            self.role = joined.role
            self.members = list(reversed(joined.members))
            self.member_count, self.spectator_count = joined.memberCount, joined.spectatorCount
            self.changed()

    def receive(self, frame: Frame) -> None:
        match frame.head.type:
            case "chat_message" | "chat_message_deleted":
                if not self.chat.receive(frame):
                    return
            case "contest_state" if state := read(frame.text, _WithData):
                self._take_contest(state.data)
            case "leaderboard_update" if update := read(frame.text, _WithData):
                self.leaderboard = update.data
            case "participant_update" if update := read(frame.text, _WithData):
                self.participant = update.data
            case "admin_presence" if presence := read(frame.text, _Active):
                self.admin_present = presence.active
            case "spectator_count" if spectators := read(frame.text, _Count):
                self.spectator_count = spectators.count
            case "user_presence" if change := read(frame.text, _Presence):
                self._take_presence(change)
            case _:
                return
        self.changed()

    def forget_user(self) -> None:
        """Another user is signed in: remove what belongs to the former one."""
        self.role = self.participant = None
        self.chat.forget_own()
        self.changed()

    def lost(self) -> None:
        self.chat.lost()
        super().lost()

    def _snapshot_begins(self, part: str) -> None:
        if part == self.chat_channel:
            self.chat.snapshot_begins()

    def _snapshot_ends(self, part: str) -> None:
        if part == self.chat_channel:
            self.chat.snapshot_ends()
            self.changed()

    def _take_contest(self, contest: Json) -> None:
        self.contest = contest
        if isinstance(active := contest.get("hasAdminPresence"), bool):
            self.admin_present = active
        if isinstance(count := contest.get("spectatorCount"), int):
            self.spectator_count = count

    def _take_presence(self, change: _Presence) -> None:
        wallet = change.user.get("wallet")
        others = [member for member in self.members if member.get("wallet") != wallet]
        was_listed = len(others) < len(self.members)
        if change.action == "join":
            self.members = [*others, change.user]
            self._count_members(0 if was_listed else 1)
        elif change.action == "leave":
            # A room may have more members than the server listed.
            is_unlisted = self.member_count is not None and self.member_count > len(self.members)
            self.members = others
            self._count_members(-1 if was_listed or is_unlisted else 0)

    def _count_members(self, change: int) -> None:
        if self.member_count is not None:
            self.member_count = max(self.member_count + change, 0)
