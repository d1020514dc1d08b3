"""Secrets stay secret, wherever they were put in, whoever asks and whatever fails."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets import Subprotocol

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.e2e.operations_secrets import leaky
from tests.e2e.operations_secrets.witness import Watch, WatchedClient, Witness, watching
from tests.e2e.process import free_port, serving

KEY = "a key of the server, 32 bytes or more"
LAUNCHER = """
import sys
import duelcast.endpoints
duelcast.endpoints.__path__.append(sys.argv.pop(1))
from duelcast.cli import main
main()
"""
API = "/api/v69"
SETTING = f"{API}/settings/vault.key"
CHECK = {"intervalMs": 3_600_000, "timeoutMs": 2_000}


async def test_no_secret_reaches_anybody(tmp_path: Path) -> None:
    witness = Witness()
    (tmp_path / "endpoints").mkdir()
    shutil.copy(leaky.__file__, tmp_path / "endpoints")
    command = (sys.executable, "-c", LAUNCHER, str(tmp_path / "endpoints"))
    options: dict[str, Any] = {"feed": "none", "jwt_secret": KEY, "rate_limit_factor": 0, "log_level": "debug"}
    witness.guard("key", KEY)
    async with (
        serving(tmp_path, command=command, **options) as server,
        watching(server, witness) as watch,
        AsyncExitStack() as stack,
    ):
        stage = Stage(watch, witness)
        for endpoint in ("monitor", "skyduel", "circuit-breaker", "system-settings"):
            await stage.enter(stack, endpoint, stage.admin, "admin")
            if endpoint != "skyduel":
                await stage.enter(stack, endpoint, stage.user, "user")
        await stage.enter(stack, "monitor", None, "anonymous", "?endpoint=public.background_scene")
        await stage.put_settings()
        await stage.refuse_settings()
        await stage.show_tokens()
        await stage.report_errors()
        await stage.probe()
        await stage.refuse_services()
        await stage.meet_defects()
        await stage.read_everything()
        witness.hear("log", server.log_text())
        assert witness.leaks() == {}
        stage.check_that_it_was_told()


class Stage:
    """Puts secrets in wherever that can be done."""

    def __init__(self, watch: Watch, witness: Witness) -> None:
        self._watch = watch
        self._witness = witness
        self._sockets: dict[tuple[str, str], WatchedClient] = {}
        self.admin = self._token("boss", Role.ADMIN)
        self.user = self._token("ann", Role.USER)
        self._machine = witness.guard(
            "machine", TokenIssuer(SystemClock(), KEY).issue("robot", Role.USER, scopes=["errors", "operations"])
        )

    def _token(self, wallet: str, role: Role) -> str:
        return self._witness.guard(f"token of {wallet}", TokenIssuer(SystemClock(), KEY).issue(wallet, role))

    async def enter(
        self, stack: AsyncExitStack, endpoint: str, token: str | None, who: str, query: str = ""
    ) -> WatchedClient:
        socket = await stack.enter_async_context(self._watch.socket(endpoint, query, token=token, who=who))
        await socket.receive_until(type="connection_established")
        self._sockets[endpoint, who] = socket
        return socket

    async def _ask(self, endpoint: str, who: str = "admin", **message: Any) -> dict[str, Any]:
        return await self._sockets[endpoint, who].ask(**message)

    async def _call(self, method: str, path: str, body: object = None, *, status: int = 200, token: str = "") -> Any:
        answer = await self._watch.call(method, path, body, token=token or self.admin)
        assert answer.status_code == status, answer.text
        return answer

    # ── settings ────────────────────────────────────────────────────────────────────────────────────────────────

    async def put_settings(self) -> None:
        """Secret settings that everybody who signed in may see and follow."""
        for who in ("admin", "user"):
            await self._ask("system-settings", who, type="subscribe_setting", key="vault.key")
            await self._ask("system-settings", who, type="subscribe_category", category="vault")
        await self._ask(
            "system-settings",
            type="update_setting",
            key="vault.key",
            value=self._witness.invent("first value"),
            visibility="user",
            secret=True,
        )
        await self._ask(
            "system-settings", type="update_setting", key="vault.key", value=self._witness.invent("second value")
        )
        await self._call("PUT", SETTING, {"value": self._witness.invent("third value")})
        deep = {"value": {"deep": [self._witness.invent("value in a tree")]}, "visibility": "user", "secret": True}
        await self._call("PUT", f"{API}/settings/vault.tree", deep)
        await self._call("DELETE", f"{API}/settings/vault.tree", status=204)
        for who in ("admin", "user"):
            for kind in ("get_setting", "subscribe_setting"):
                await self._ask("system-settings", who, type=kind, key="vault.key")
            await self._ask("system-settings", who, type="get_category_settings", category="vault")
            await self._ask("system-settings", who, type="get_all_settings")
            await self._ask("monitor", who, type="get_system_settings")
            await self._ask("monitor", who, type="get_system_settings", key="vault.key")
        for key in ("key", "tree"):
            await self._call("GET", f"{API}/settings/vault.{key}/history")

    async def refuse_settings(self) -> None:
        """Values that are refused."""
        refused = self._witness.invent("refused value")
        for key, value in {
            "vault.key": {"another": refused},
            "chat.max_characters": refused,
            "maintenance_mode": {"enabled": True, "until": refused},
            "background_scene": refused,
        }.items():
            await self._call("PUT", f"{API}/settings/{key}", {"value": value}, status=422)
            answer = await self._ask("system-settings", type="update_setting", key=key, value=value)
            assert answer["code"] == "VALIDATION_FAILED"
        await self._call("PUT", SETTING, {"value": refused, "expectedVersion": 1}, status=409)
        await self._call("PUT", SETTING, {"value": refused, "visibility": refused}, status=400)
        await self._call("PUT", SETTING, f'{{"value": "{refused}"'.encode(), status=400)
        await self._call("PUT", SETTING, {"value": refused}, status=403, token=self.user)
        created = {"value": refused, "secret": True, "expectedVersion": 1}
        await self._call("PUT", f"{API}/settings/vault.new", created, status=409)
        for who, code in (("admin", "VERSION_CONFLICT"), ("user", "PERMISSION_DENIED")):
            for message in (
                {"key": "vault.key", "value": refused, "expectedVersion": 1},
                {"key": "vault.new"} | created,
            ):
                answer = await self._ask("system-settings", who, type="update_setting", **message)
                assert answer["code"] == code
        socket = self._sockets["system-settings", "admin"]
        await socket.ws.send(f'{{"type": "update_setting", "key": "vault.key", "value": "{refused}"')
        await socket.drain()

    # ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def show_tokens(self) -> None:
        """Tokens in all places, those that hold and those that do not."""
        foreign = TokenIssuer(SystemClock(), "another key, which is 32 bytes long").issue("eve", Role.ADMIN)
        wrong = [self._witness.guard("foreign token", foreign), self._witness.invent("garbage for a token")]
        for token in (self.admin, self.user, self._machine, *wrong):
            await self._connect("monitor", f"?token={token}")
            await self._connect("monitor", token=token)
            await self._connect("monitor", additional_headers={"Cookie": f"session={token}"})
            await self._connect("market-data", f"?token={token}")
            if "." in token:
                await self._connect("monitor", subprotocols=[Subprotocol("duelcast"), Subprotocol(token)])
            async with self._watch.socket("monitor", "?auth=message") as socket:
                await socket.send(type="auth", token=token)
                await socket.until_greeted()
            await self._ask("monitor", type="auth", token=token)
            await self._watch.call("GET", f"{API}/settings?token={token}")
            await self._watch.call("GET", f"{API}/nothing?token={token}", token=token)
            await self._watch.send("GET", f"{API}/users/me", None, {"Authorization": f"Bearer {token}"})
            await self._watch.send("GET", f"{API}/users/me", None, {"Authorization": f"Basic {token}"})
            await self._watch.send("GET", f"{API}/users/me", None, {"Cookie": f"session={token}"})

    async def _connect(self, endpoint: str, query: str = "", **options: Any) -> None:
        async with self._watch.socket(endpoint, query, **options) as socket:
            await socket.until_greeted()

    # ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def report_errors(self) -> None:
        """Errors of services that say too much."""
        password = self._witness.invent("reported password")
        texts = [
            f"told-error: login failed: password={password}",
            f'told-error: {{"password": "{password}", "user": "x"}}',
            f"told-error: refused token {self._machine}",
            f"told-error: cannot reach postgres://app:{password}@db.internal/app",
            f"told-error: GET https://api.example.org/v1?key={password} failed",
            f"told-error: mail to {self._witness.guard('e-mail address', 'mallory@example.org')} bounced",
            f"told-error: {self._witness.guard('address', '203.0.113.77')} sent too much",
            f"told-error: [{self._witness.guard('IPv6 address', '2001:db8::77')}]:443 sent too much",
            f"told-error: Authorization: Bearer {password}",
        ]
        await self._call("PUT", f"{API}/services/payments", {"kind": "reported", "layer": "wallet"})
        for token, text in zip((self.admin, self._machine) * len(texts), texts, strict=False):
            details = {"what": text, "password": password, "deep": [{"api_key": password, "jwt": self.user}], text: 1}
            body = {"service": "payments", "level": "error", "error": text, "source": text[:128], "details": details}
            await self._call("POST", f"{API}/errors", body, token=token)
            operation = {"ok": False, "durationMs": 1, "error": text.replace("told-error", "told-operation")}
            await self._call("POST", f"{API}/services/payments/operations", [operation], token=token)
        for refused in ({"level": password, "error": "x"}, {"level": "error", "error": "x", "details": password}):
            await self._call("POST", f"{API}/errors", {"service": "payments", **refused}, status=400)
        await self._call("POST", f"{API}/services/payments/operations", [{"ok": password, "durationMs": 1}], status=400)

    # ── services ────────────────────────────────────────────────────────────────────────────────────────────────

    async def probe(self) -> None:
        """Checks with passwords: of a port where nobody listens, and of a peer that repeats what it is sent."""
        password = self._witness.invent("password of a check")
        self._witness.guard("password in Base64", base64.b64encode(f"app:{password}".encode()).decode().rstrip("="))
        async with repeating() as port:
            for target, to in (("closed", free_port()), ("repeats", port)):
                for kind, scheme in (("http", "http"), ("redis", "redis"), ("postgres", "postgres")):
                    url = f"{scheme}://app:{password}@127.0.0.1:{to}/1" + (f"?key={password}" if kind == "http" else "")
                    await self._watch_service(f"{kind}-{target}", {"type": kind, "url": url, **CHECK})
                url = f"ws://127.0.0.1:{to}/?token={password}"
                await self._watch_service(f"ws-{target}", {"type": "websocket", "url": url, **CHECK})

    async def _watch_service(self, name: str, check: dict[str, object]) -> None:
        await self._call("PUT", f"{API}/services/{name}", {"kind": "probe", "layer": "wallet", "check": check})
        for who in ("admin", "user"):
            await self._ask("circuit-breaker", who, type="subscribe:service", service=name)
            result = await self._ask("circuit-breaker", who, type="service:health_check", service=name)
            assert result["type"] == "service:health_check_result", result
            assert result["healthy"] is False
        for command in ("health_check", "restart", "reset_circuit_breaker", "stop"):
            await self._ask("skyduel", type="service_command", serviceName=name, command=command)
        await self._call("GET", f"{API}/services/{name}")

    async def refuse_services(self) -> None:
        """Definitions that are refused."""
        password = self._witness.invent("password of a refused check")
        for url in (
            f"ftp://app:{password}@db.internal/",
            f"http://app:{password}@/",
            f"http://app:{password}@db.internal:port/",
            f"http://app:{password}@169.254.169.254/",
            f"http://app:{password} @db.internal/",
            f"http://[{password}]/",
            password,
        ):
            await self._call("PUT", f"{API}/services/bad", probe_of({"type": "http", "url": url, **CHECK}), status=400)
        url = f"http://app:{password}@db.internal/"
        checks: list[dict[str, Any]] = [
            {"type": password, "url": url, **CHECK},
            {"type": "http", "url": [url], **CHECK},
            {"type": "http", "url": url, "intervalMs": password},
            {"type": "http", "url": url},
        ]
        for check in checks:
            await self._call("PUT", f"{API}/services/bad", probe_of(check), status=400)
        await self._call("PUT", f"{API}/services/bad", json.dumps(probe_of({"url": url}))[:-2].encode(), status=400)
        for command, params in ((password, {}), ("stop", {"force": password})):
            await self._ask("skyduel", type="service_command", serviceName="payments", command=command, params=params)

    # ── defects ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def meet_defects(self) -> None:
        """Exceptions with a password in their texts: of a handler, of a task, and in the words of a library."""
        text = self._witness.invent("password in an exception")
        async with self._watch.socket("leaky") as socket:
            for kind in ("fail", "lose", "complain"):
                await socket.ask(type=kind, text=text)
            await socket.drain()

    # ── what is told ────────────────────────────────────────────────────────────────────────────────────────────

    async def read_everything(self) -> None:
        """Ask for all that can be asked for."""
        await self._ask("monitor", type="get_recent_errors", limit=100)
        await self._ask("monitor", type="get_all_services")
        await self._ask("skyduel", type="get_services")
        for who in ("admin", "user"):
            await self._ask("circuit-breaker", who, type="subscribe_all")
        tokens = {"admin": self.admin, "user": self.user, "anonymous": None}
        for endpoint, who in self._sockets:
            await self._connect(endpoint, "?endpoint=public.background_scene", token=tokens[who], who=who)
        for path in ("/audit?limit=500", "/services", "/settings"):
            await self._call("GET", f"{API}{path}")
        for path in ("/metrics", "/asyncapi.json", "/openapi.json", "/docs", "/readyz", "/healthz"):
            await self._watch.call("GET", path)
        for socket in self._sockets.values():
            await socket.drain()

    def check_that_it_was_told(self) -> None:
        """The secrets are missing from what was told, and not because nothing was."""
        heard = self._witness.heard
        assert heard('"type": "setting_update", "key": "vault.key"') == {
            "system-settings of admin",
            "system-settings of user",
        }
        assert heard('"subtype": "vault.key", "data": null') == {"monitor of admin", "monitor of user"}
        assert heard("told-error: login failed: password=[removed]") >= {"monitor of admin"}
        assert heard("told-operation: login failed: password=[removed]") == {"monitor of admin"}
        assert heard('"postgres-repeats"') >= {"circuit-breaker of user", "skyduel of admin", f"GET {API}/audit"}
        assert heard("ValueError at endpoints.leaky") >= {"log", "monitor of admin"}
        assert heard("Task exception was never retrieved") >= {"log", "monitor of admin"}
        assert heard("login failed with password=[removed]") == {"log", "monitor of admin"}


def probe_of(check: dict[str, Any]) -> dict[str, object]:
    return {"kind": "probe", "layer": "wallet", "check": check}


@asynccontextmanager
async def repeating() -> AsyncIterator[int]:
    """A port of loopback where whatever is sent comes back as an error of Redis."""

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(b"-ERR " + data)
        writer.close()

    server = await asyncio.start_server(repeat, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def test_the_witness_hears_a_secret_wherever_it_is_said() -> None:
    witness = Witness()
    password = witness.invent("password")
    witness.hear("log", f"before {password} after")
    witness.hear("frame", "nothing")
    assert witness.leaks() == {"password": {"log"}}
    with pytest.raises(AssertionError):
        witness.guard("short", "abc")
