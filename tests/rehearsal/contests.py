"""Those who are in the rooms of contests."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from tests.rehearsal.visitor import Visitor
from tests.serving import Frame

PAGE = 100


class Member(Visitor):
    """In the rooms of `contests`, each of which it joins again where it was in the chat. What it shows, per contest:
    `messages` (text by id), `boards` (the rows), `statuses`, and `rows` (its own)."""

    endpoint = "contest"

    def __init__(self, base_url: str, contests: Sequence[int], wallet: str | None = None, **options: Any) -> None:
        super().__init__(base_url, wallet, **options)
        self.messages: dict[int, dict[int, str]] = {contest: {} for contest in contests}
        self.boards: dict[int, list[Frame]] = {}
        self.statuses: dict[int, str] = {}
        self.rows: dict[int, Frame] = {}
        self._last_pushed: dict[int, int] = {}

    def wishes(self) -> Sequence[dict[str, Any]]:
        return [self._joining(contest) for contest in self.messages]

    async def write(self, contest: int, text: str) -> int:
        """Say something in a room; the id of the message once it is acknowledged."""
        answer = await self.insist(type="send_chat_message", contestId=contest, text=text, messageId=str(uuid.uuid4()))
        assert answer["data"]["text"] == text
        number: int = answer["data"]["id"]
        return number

    def take(self, frame: Frame) -> None:
        contest = frame.get("contestId", 0)
        match frame["type"]:
            case "contest_room_joined" if frame.get("recovered") is not True:
                self._last_pushed.pop(contest, None)
                self._missed(contest)
            case "chat_message":
                self._hear(contest, frame)
            case "chat_messages":
                self.messages[contest] |= {message["id"]: message["text"] for message in frame["data"]}
                if frame["hasMore"]:
                    self._missed(contest, frame["data"][-1]["id"])
            case "leaderboard_update":
                self.boards[contest] = frame["data"]["entries"]
            case "contest_state":
                self.statuses[contest] = frame["data"]["status"]
            case "participant_update":
                self.rows[contest] = frame["data"]

    def _joining(self, contest: int) -> dict[str, Any]:
        position = self._positions.get(f"chat.{contest}")
        since = {} if position is None else {"since": dict(zip(("epoch", "seq"), position, strict=True))}
        return {"type": "join_contest_room", "contestId": contest, **since}

    def _hear(self, contest: int, frame: Frame) -> None:
        number = frame["data"]["id"]
        if "seq" in frame:
            assert number > self._last_pushed.get(contest, 0), (self, self._last_pushed, frame)
            self._last_pushed[contest] = number
        self.messages[contest][number] = frame["data"]["text"]

    def _missed(self, contest: int, after: int | None = None) -> None:
        """Ask for what was said since it was here."""
        if after is None:
            after = max(self.messages[contest], default=0)
        if after:
            self.soon(type="get_chat_messages", contestId=contest, afterId=after, limit=PAGE)
