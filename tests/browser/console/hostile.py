"""What somebody might write into everything that takes a text, to break the pages that show it."""

from __future__ import annotations

from duelcast.channels.names import Role
from tests.guides.scene import Scene, token_of

WALLET = "e" * 64
SYMBOL = "EVIL"
SERVICE = "evil-" + "s" * 59
SETTING = "evil." + "k" * 123
SOURCE_CHARACTERS = 128
MARKUP = "<img src=x onerror=alert(1)><b>bold</b><script>alert(1)</script> javascript:alert(1) "
BIDI = "\u05d0\u05d1\u05d2 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 (right) "
OVERRIDE = "\u202e\u2067reversed "
ZERO_WIDTH = "a\u200b\u200d\ufeffb\u2060c "
MARKS = "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319 "
NICKNAME = "<img src=x onerror=alert(1)>\u05d0\u05d1"
TIMES = {"start_time": "2099-01-01T00:00:00Z", "end_time": "2099-01-02T00:00:00Z"}


def text(characters: int, *, override: bool = False) -> str:
    """A text of that length: markup, two directions, invisible characters, heaps of marks, then a word without an end.
    `override` adds characters that change the direction of all that follows, which not every field takes."""
    begun = (OVERRIDE if override else "") + MARKUP + BIDI + ZERO_WIDTH + MARKS
    return (begun + "W" * characters)[:characters]


class HostileScene:
    """A scene in which everything that takes a text has a hostile one, as long as it may be."""

    def __init__(self, scene: Scene) -> None:
        """Write all of it."""
        self._scene = scene
        scene.call("PUT", f"/users/{WALLET}", {"nickname": NICKNAME})
        scene.call("POST", "/tokens/prices", [{"symbol": SYMBOL, "price": 1e-9, "volume_24h": 1e15}])
        links = [{"label": text(100), "url": "https://example.com/" + "u" * 2000}]
        token = {"name": text(100), "address": "A" * 128, "decimals": 9, "description": text(2_000), "websites": links}
        scene.call("PUT", f"/tokens/{SYMBOL}", token)
        self.pending = self._contest()
        self.active = self._contest()
        scene.call("POST", f"/contests/{self.active}/start", {})
        scene.say(WALLET, text(500), self.active)
        cancelled = self._contest()
        scene.call("POST", f"/contests/{cancelled}/cancel", {"reason": text(500)})
        self._operations()
        news = {"type": "NEWS", "title": text(200, override=True), "content": text(4_000, override=True)}
        link = {"link": "https://example.com/" + "l" * 2_000}
        scene.call("POST", "/notifications", {"wallets": [WALLET], **news, **link})
        scene.call("POST", "/notifications", {"broadcast": True, **news})

    def _contest(self) -> int:
        texts = {"name": text(100), "description": text(2_000), "rules": text(10_000)}
        contest = int(self._scene.call("POST", "/contests", {**texts, **TIMES})["id"])
        portfolio = {"portfolio": [{"symbol": SYMBOL, "weight": 100}]}
        self._scene.call("POST", f"/contests/{contest}/entries", portfolio, token_of(WALLET))
        return contest

    def _operations(self) -> None:
        scene = self._scene
        texts = {"displayName": text(100, override=True), "description": text(2_000), "version": text(64)}
        breaker = {"failure_threshold": 1, "minimum_calls": 1, "reset_timeout_ms": 600_000}
        service = {"kind": "reported", "layer": "l" * 64, "circuit_breaker": breaker, **texts}
        scene.call("PUT", f"/services/{SERVICE}", service)
        failure = {"ok": False, "durationMs": 1e6, "error": text(10_000)}
        scene.call("POST", f"/services/{SERVICE}/operations", [failure])
        value = {"value": text(10_000, override=True), "description": text(1_000, override=True)}
        scene.call("PUT", f"/settings/{SETTING}", value)
        error = {"error": text(10_000, override=True), "source": text(SOURCE_CHARACTERS, override=True)}
        details = {text(40): text(4_000)}
        scene.call("POST", "/errors", {"service": SERVICE, "level": "critical", **error, "details": details})

    @property
    def reader(self) -> str:
        """The token of the user with the hostile name."""
        return token_of(WALLET)

    @property
    def operator(self) -> str:
        """The token of a superadmin, to whom all controls are shown."""
        return token_of("root", Role.SUPERADMIN)
