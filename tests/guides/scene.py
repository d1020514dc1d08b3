"""A server with everything that the guides talk about."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.browser.server_process import COMMAND, ServerProcess
from tests.serving import SECRET

SETTINGS = {"DUELCAST_JWT_SECRET": SECRET, "DUELCAST_RATE_LIMIT_FACTOR": "0"}
CONTEST = 2
"""The active contest, which has the same id as the one of the demo. The first contest is pending."""
TIMEOUT_S = 60.0


def token_of(wallet: str, role: Role = Role.USER) -> str:
    return TokenIssuer(SystemClock(), SECRET).issue(wallet, role)


class Scene:
    """An active contest of Ann and Bob, in whose room Bob has written, and a notification for Ann. The prices of the
    simulated market move."""

    def __init__(
        self, data_dir: Path, settings: Mapping[str, str] | None = None, *, command: Sequence[str] = COMMAND
    ) -> None:
        """`settings` are further ones of the server, and `command` is what starts it."""
        self.server = ServerProcess(data_dir, {**SETTINGS, **(settings or {})}, command=command)

    def open(self) -> None:
        """Start the server and prepare everything."""
        self.server.start()
        times = {"start_time": "2099-01-01T00:00:00Z", "end_time": "2099-01-02T00:00:00Z"}
        for name in ("Saturday Cup", "Friday Cup"):
            self.call("POST", "/contests", {"name": name, **times})
        for wallet, symbol in (("ann", "SOL"), ("bob", "BTC")):
            portfolio = {"portfolio": [{"symbol": symbol, "weight": 100}]}
            self.call("POST", f"/contests/{CONTEST}/entries", portfolio, token_of(wallet))
        self.call("POST", f"/contests/{CONTEST}/start", {})
        self.say("bob", "Good luck!")
        note = {"wallets": ["ann"], "type": "CONTEST_INVITE", "title": "Join the cup", "content": "It starts at nine."}
        self.call("POST", "/notifications", note)

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """The answer to a request, which must succeed; by default it is one of an admin."""
        headers = {"Authorization": f"Bearer {token or token_of('boss', Role.ADMIN)}"}
        with httpx.Client(base_url=self.server.url, trust_env=False, timeout=TIMEOUT_S) as http:
            answer = http.request(method, f"/api/v69{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def say(self, wallet: str, text: str, contest: int = CONTEST) -> None:
        """Write in the room of a contest."""
        address = f"{self.server.url.replace('http', 'ws')}/api/v69/ws/contest?token={token_of(wallet)}"
        message = {"contestId": contest, "text": text, "messageId": str(uuid.uuid4()), "requestId": "said"}
        with connect(address, proxy=None) as socket:
            socket.send(json.dumps({"type": "join_contest_room", "contestId": contest}))
            socket.send(json.dumps({"type": "send_chat_message", **message}))
            while (answer := json.loads(socket.recv(TIMEOUT_S))).get("requestId") != "said":
                pass
        assert answer["type"] == "chat_message", answer

    def restart(self) -> None:
        """Stop the server, and start it again on the same port."""
        assert self.server.stop() == 0
        self.server.start()

    def close(self) -> None:
        if self.server.runs:
            self.server.stop()
