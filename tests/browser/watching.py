"""What a page does that its user does not see: errors, requests, frames."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import ConsoleMessage, Page, WebSocket

PUMP_MS = 50
PATIENCE_S = 60.0


class WatchedSocket:
    """A WebSocket of the page, with the messages that came over it."""

    def __init__(self, socket: WebSocket) -> None:
        self.url = socket.url
        self.messages: list[dict[str, Any]] = []
        socket.on("framereceived", self._received)

    def _received(self, payload: str | bytes) -> None:
        self.messages.append(json.loads(payload))

    def of_type(self, name: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == name]

    @property
    def since(self) -> list[str]:
        """The positions that the page asked to go on from."""
        return parse_qs(urlsplit(self.url).query).get("since", [])


class Watch:
    """Records from the moment that it is made; make it before the page goes anywhere."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.errors: list[str] = []
        self.addresses: list[str] = []
        self.sockets: list[WatchedSocket] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.addresses.append(request.url))
        page.on("websocket", self._opened)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _opened(self, socket: WebSocket) -> None:
        self.addresses.append(socket.url)
        self.sockets.append(WatchedSocket(socket))

    @property
    def hosts(self) -> set[str]:
        """Host and port of all that the page spoke to."""
        return {urlsplit(address).netloc for address in self.addresses}

    def until(self, condition: Callable[[], bool]) -> None:
        """Let the page go on until `condition` holds. Fails the test after `PATIENCE_S`."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"the page did not get there: {self.errors}"
            self._page.wait_for_timeout(PUMP_MS)
