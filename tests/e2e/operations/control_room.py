"""A server whose services operators look after, over HTTP and sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.e2e.operations.patient import Patient
from tests.serving import Client, Frame, client, http_client, running, token_for

ADMIN = "boss"
ROLES = {ADMIN: Role.ADMIN, "chief": Role.ADMIN, "root": Role.SUPERADMIN}
"""Wallets whose tokens have another role than that of a user."""
PUBLIC = "?endpoint=public.background_scene"
"""The query that lets somebody into monitor without a token."""
PARTS = ("store", "broker", "settings", "feed_simulated", "scorer", "contest_clock", "notifier", "analytics_writer")
"""The services that are parts of the server."""
FAILURES_TO_OPEN = 5
RESET_TIMEOUT_S = 30


class ControlRoom:
    """`clock` stands still until a test moves it."""

    def __init__(self, app: App, http: httpx.AsyncClient) -> None:
        self.app = app
        assert isinstance(app.clock, ManualClock)
        self.clock = app.clock
        self._http = http

    # ── people ──────────────────────────────────────────────────────────────────────────────────────────────────

    def token(self, wallet: str, **claims: Any) -> str:
        return token_for(self.app, wallet, ROLES.get(wallet, Role.USER), **claims)

    def socket(
        self, endpoint: str, wallet: str | None = ADMIN, query: str = "", **options: Any
    ) -> AbstractAsyncContextManager[Client]:
        """A greeted connection of `wallet`, None is nobody."""
        token = None if wallet is None else self.token(wallet)
        return client(self.app, endpoint, query, token=token, **options)

    # ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def call(
        self, method: str, path: str, body: Any = None, *, by: str | None = ADMIN, token: str | None = None
    ) -> httpx.Response:
        """A request of the wallet `by`, or with `token`."""
        if token is None and by is not None:
            token = self.token(by)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self._http.request(method, path, json=body, headers=headers)

    async def do(self, method: str, path: str, body: Any = None, *, by: str | None = ADMIN) -> Any:
        """What is answered to a request that succeeds."""
        answer = await self.call(method, path, body, by=by)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def refusal(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and code of a request that is refused."""
        answer = await self.call(method, path, body, **more)
        assert not answer.is_success, answer.text
        return answer.status_code, answer.json()["code"]

    async def audit(self, target: str) -> list[tuple[str, str, str, str]]:
        """(wallet, role, action, outcome) of the acts on a thing, the oldest first."""
        rows = (await self.do("GET", f"/audit?target={target}"))["data"]
        return [(row["wallet"], row["role"], row["action"], row["outcome"]) for row in reversed(rows)]

    # ── services ────────────────────────────────────────────────────────────────────────────────────────────────

    async def put_probe(self, name: str, asked: Patient, *, interval_ms: int = 3_600_000, **more: Any) -> None:
        """Have the server ask a patient, seldom unless `interval_ms` says otherwise, and once at the beginning."""
        check = {"type": "http", "url": asked.url, "intervalMs": interval_ms, "timeoutMs": 30_000}
        await self.do("PUT", f"/services/{name}", {"kind": "probe", "layer": "wallet", "check": check} | more)

    async def put_reported(self, name: str, **more: Any) -> None:
        """It may be silent for a day unless `more` says otherwise."""
        body = {"kind": "reported", "layer": "data", "silentAfterMs": 86_400_000}
        await self.do("PUT", f"/services/{name}", body | more)

    async def report(self, name: str, *outcomes: bool) -> None:
        """Say of a service what became of its operations."""
        operations = [{"ok": ok, "durationMs": 5} for ok in outcomes]
        assert await self.do("POST", f"/services/{name}/operations", operations) == {"accepted": len(outcomes)}

    async def settled(self) -> None:
        """Wait until what happened so far is stored, and broadcast."""
        await self.app.leader.database.probe()

    async def drain(self, one: Client) -> list[Frame]:
        """What `one` gets of what happened so far."""
        await self.settled()
        return await one.drain()

    async def open_breaker(self, name: str) -> None:
        """Put a service that reports itself, and open its breaker."""
        await self.put_reported(name)
        await self.report(name, *[False] * FAILURES_TO_OPEN)
        await self.settled()


@asynccontextmanager
async def control_room(**settings: Any) -> AsyncIterator[ControlRoom]:
    """A server without rate limits and with a simulated feed unless `settings` say otherwise; its parts are checked."""
    values: dict[str, Any] = {"rate_limit_factor": 0, "feed": "simulated?seed=1"} | settings
    async with (
        running(ManualClock(), **values) as app,
        http_client(app) as http,
    ):
        made = ControlRoom(app, http)
        for service in list(app.leader.operations.registry):
            if service.declaration.kind == "internal":
                await app.leader.operations.health.check(service, "system")
        await made.clock.advance(1)
        yield made


def of_type(frames: Sequence[Frame], kind: str) -> list[Frame]:
    return [frame for frame in frames if frame["type"] == kind]


def of_service(frames: Sequence[Frame], kind: str, name: str) -> list[Frame]:
    """The frames of one type about one service, on whichever endpoint."""
    return [frame for frame in of_type(frames, kind) if _service_of(frame) == name]


def _service_of(frame: Frame) -> str:
    service = frame["service"]
    name: str = service["name"] if isinstance(service, dict) else service
    return name


def alerts(frames: Sequence[Frame], name: str) -> list[tuple[str, str]]:
    """(type, severity) of what was told of a service on `alerts`, in order."""
    return [(one["alert"]["type"], one["alert"]["severity"]) for one in of_service(frames, "service:alert", name)]


OPENED = ("circuit_open", "critical")
HALF_OPENED = ("circuit_half_open", "warning")
CLOSED = ("circuit_closed", "info")
FAILED = ("health_failed", "warning")
RECOVERED = ("health_recovered", "info")
