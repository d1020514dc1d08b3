"""Services that are put over HTTP, and report what they do (protocol §13)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from duelcast.channels.names import Role
from tests.e2e.operations.control_room import CLOSED, FAILED, HALF_OPENED, OPENED, PARTS, RECOVERED, ControlRoom, alerts
from tests.e2e.operations.control_room import control_room as arranged
from tests.e2e.operations.patient import patient
from tests.serving import token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

REPORTED: dict[str, Any] = {"kind": "reported", "layer": "wallet"}
GOOD = [{"ok": True, "durationMs": 5}]
CHECK = {"type": "http", "url": "http://127.0.0.1:9/", "intervalMs": 60_000}


def machine(room: ControlRoom, scopes: Sequence[str], role: Role = Role.USER) -> str:
    return token_for(room.app, "machine", role, scopes=scopes)


# ── putting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_service_is_put_shown_and_removed(room: ControlRoom) -> None:
    body = REPORTED | {"displayName": "The Vault", "description": "Keeps.", "version": "7", "dependencies": ["store"]}
    shown = await room.do("PUT", "/services/vault", body)
    assert {name: shown[name] for name in ("name", "kind", "layer", "displayName", "description", "version")} == {
        "name": "vault",
        "kind": "reported",
        "layer": "wallet",
        "displayName": "The Vault",
        "description": "Keeps.",
        "version": "7",
    }
    assert (shown["status"], shown["dependencies"]) == ("unknown", ["store"])
    assert shown["commands"] == ["reset_circuit_breaker", "health_check"]
    assert await room.do("GET", "/services/vault") == shown
    everything = await room.do("GET", "/services")
    assert everything["count"] == len(everything["data"])
    assert [service["name"] for service in everything["data"]][-1] == "vault"
    await room.do("DELETE", "/services/vault")
    assert await room.refusal("GET", "/services/vault") == (404, "SERVICE_NOT_FOUND")
    assert await room.refusal("DELETE", "/services/vault") == (404, "SERVICE_NOT_FOUND")
    assert await room.audit("vault") == [
        ("boss", "admin", "services.put", "ok"),
        ("boss", "admin", "services.delete", "ok"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/services", None),
        ("GET", "/services/store", None),
        ("PUT", "/services/tried", REPORTED),
        ("DELETE", "/services/tried", None),
    ],
)
async def test_admins_alone_manage_services(room: ControlRoom, method: str, path: str, body: Any) -> None:
    assert await room.refusal(method, path, body, by=None) == (401, "UNAUTHORIZED")
    assert await room.refusal(method, path, body, by="ann") == (403, "PERMISSION_DENIED")
    for scopes in (["operations"], ["prices"]):
        token = machine(room, scopes, Role.ADMIN)
        assert await room.refusal(method, path, body, token=token) == (403, "PERMISSION_DENIED")


async def test_what_a_service_depends_on_must_be_there_and_not_depend_on_it(room: ControlRoom) -> None:
    await room.put_reported("ground")
    await room.put_reported("middle", dependencies=["ground"])
    await room.put_reported("top", dependencies=["middle", "store"])
    for name, needed in (("lonely", "nobody"), ("ground", "top"), ("ground", "middle"), ("self", "self")):
        body = REPORTED | {"dependencies": [needed]}
        answer = await room.call("PUT", f"/services/{name}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "DEPENDENCY_ERROR"), name
        assert answer.json()["field"] == "dependencies"
    assert (await room.do("GET", "/services/ground"))["dependencies"] == []
    for name in ("ground", "middle"):
        assert await room.refusal("DELETE", f"/services/{name}") == (409, "DEPENDENCY_ERROR")
    for name in ("top", "middle", "ground"):
        await room.do("DELETE", f"/services/{name}")


@pytest.mark.parametrize("name", PARTS)
async def test_the_parts_of_the_server_cannot_be_changed(room: ControlRoom, name: str) -> None:
    assert await room.refusal("PUT", f"/services/{name}", REPORTED) == (409, "INVALID_STATE")
    assert await room.refusal("DELETE", f"/services/{name}") == (409, "INVALID_STATE")
    assert await room.refusal("POST", f"/services/{name}/operations", GOOD) == (409, "INVALID_STATE")
    assert (await room.do("GET", f"/services/{name}"))["kind"] == "internal"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "internal"}, "kind"),
        ({"kind": "probe"}, "check"),
        ({"check": CHECK}, "check"),
        ({"kind": "probe", "check": CHECK, "silentAfterMs": 5_000}, "silentAfterMs"),
        ({"kind": "probe", "check": CHECK | {"type": "smtp"}}, "check.type"),
        ({"kind": "probe", "check": CHECK | {"intervalMs": 999}}, "check.intervalMs"),
        ({"kind": "probe", "check": CHECK | {"url": "gopher://127.0.0.1"}}, "check.url"),
        ({"kind": "probe", "check": CHECK | {"url": "http://169.254.169.254/latest"}}, "check.url"),
        ({"layer": "The Layer"}, "layer"),
        ({"layer": None}, "layer"),
        ({"dependencies": ["store", "store"]}, "dependencies"),
        ({"dependencies": "store"}, "dependencies"),
        ({"circuit_breaker": {"failure_threshold": 0}}, "circuit_breaker.failure_threshold"),
        ({"circuit_breaker": {"failureThreshold": 1}}, "circuit_breaker.failureThreshold"),
        ({"silentAfterMs": 999}, "silentAfterMs"),
        ({"displayname": "x"}, "displayname"),
        ({"displayName": "x" * 101}, "displayName"),
    ],
)
async def test_what_makes_no_sense_is_named_and_puts_nothing(
    room: ControlRoom, change: dict[str, Any], field: str
) -> None:
    answer = await room.call("PUT", "/services/senseless", REPORTED | change)
    assert (answer.status_code, answer.json()["code"], answer.json().get("field")) == (400, "INVALID_REQUEST", field)
    assert await room.refusal("GET", "/services/senseless") == (404, "SERVICE_NOT_FOUND")


@pytest.mark.parametrize("name", ["Upper", "a b", "x" * 65, "a.b", "%00", "caf%C3%A9"])
async def test_a_name_that_is_none(room: ControlRoom, name: str) -> None:
    assert (await room.call("PUT", f"/services/{name}", REPORTED)).status_code == 400


async def test_a_url_is_never_shown(room: ControlRoom) -> None:
    async with patient() as asked:
        url = asked.url.replace("http://", "http://scout:hunter2@")
        body = {"kind": "probe", "layer": "data", "check": CHECK | {"url": url}}
        shown: list[Any] = [await room.do("PUT", "/services/guarded-url", body)]
        await asked.asked_times(1)
        async with room.socket("skyduel", greeted=False) as operator, room.socket("monitor", greeted=False) as watcher:
            for member in (operator, watcher):
                shown += await member.receive_until(type="connection_established")
        async with room.socket("circuit-breaker", greeted=False) as member:
            shown += await member.receive_until(type="connection_established")
            shown.append(await member.ask(type="service:health_check", service="guarded-url"))
        shown.append(await room.do("GET", "/audit?target=guarded-url"))
        await room.do("DELETE", "/services/guarded-url")
    for hidden in ("hunter2", "scout", f":{asked.port}", '/health"'):
        assert hidden not in repr(shown)


# ── reporting ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_machine_reports_with_its_scope_alone(room: ControlRoom) -> None:
    await room.put_reported("reporting")
    path = "/services/reporting/operations"
    for scopes in (["operations"], ["prices", "operations"]):
        answer = await room.call("POST", path, GOOD, token=machine(room, scopes))
        assert (answer.status_code, answer.json()) == (200, {"accepted": 1})
    assert (await room.call("POST", path, GOOD, by="boss")).status_code == 200
    for scopes in (["prices"], ["errors"], ["notifications"]):
        for role in (Role.USER, Role.ADMIN):
            refused = await room.refusal("POST", path, GOOD, token=machine(room, scopes, role))
            assert refused == (403, "PERMISSION_DENIED")
    assert await room.refusal("POST", path, GOOD, by="ann") == (403, "PERMISSION_DENIED")
    assert await room.refusal("POST", path, GOOD, by=None) == (401, "UNAUTHORIZED")
    assert (await room.do("GET", "/services/reporting"))["metrics"]["total"] == 3


async def test_reports_open_the_breaker_and_close_it(room: ControlRoom) -> None:
    async with room.socket("circuit-breaker", "ann") as ann:
        breaker = {"failure_threshold": 3, "reset_timeout_ms": 1_000, "half_open_calls": 2}
        await room.put_reported("shop", circuit_breaker=breaker)
        await room.report("shop", True, False, False)
        assert (await room.do("GET", "/services/shop"))["status"] == "degraded"
        await room.report("shop", False)
        assert (await room.do("GET", "/services/shop"))["status"] == "circuit_open"
        await room.report("shop", True, False, True)
        assert (await room.do("GET", "/services/shop"))["metrics"]["total"] == 7
        assert (await room.do("GET", "/services/shop"))["status"] == "circuit_open"
        await room.clock.advance(1)
        assert (await room.do("GET", "/services/shop"))["status"] == "degraded"
        await room.report("shop", True)
        assert (await room.do("GET", "/services/shop"))["status"] == "degraded"
        await room.report("shop", True)
        assert (await room.do("GET", "/services/shop"))["status"] == "healthy"
        assert alerts(await room.drain(ann), "shop") == [OPENED, HALF_OPENED, CLOSED]


async def test_silence_is_unhealthy_until_the_next_report(room: ControlRoom) -> None:
    async with room.socket("circuit-breaker", "ann") as ann:
        await room.put_reported("quiet", silentAfterMs=2_000)
        await room.clock.advance(10)
        assert (await room.do("GET", "/services/quiet"))["status"] == "unknown"
        await room.report("quiet", True)
        await room.clock.advance(3)
        assert (await room.do("GET", "/services/quiet"))["status"] == "unhealthy"
        await room.report("quiet", True)
        assert (await room.do("GET", "/services/quiet"))["status"] == "healthy"
        assert alerts(await room.drain(ann), "quiet") == [FAILED, RECOVERED]


async def test_what_went_wrong_is_an_error_that_admins_see_without_secrets(room: ControlRoom) -> None:
    await room.put_reported("failing")
    async with room.socket("monitor") as admin:
        await room.drain(admin)
        operations = [{"ok": False, "durationMs": 1, "error": "login with password=hunter2"}]
        await room.do("POST", "/services/failing/operations", operations)
        alert = (await admin.receive_until(type="error_alert"))[-1]
        assert (alert["data"]["service"], alert["data"]["error"]) == ("failing", "login with password=[removed]")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        None,
        [{"ok": True}],
        [{"durationMs": 1}],
        [{"ok": "yes", "durationMs": 1}],
        [{"ok": True, "durationMs": -1}],
        [{"ok": True, "durationMs": 1e300}],
        [{"ok": True, "durationMs": 1, "took": 1}],
        [{"ok": True, "durationMs": 1, "error": 7}],
        GOOD * 1_001,
    ],
)
async def test_reports_that_make_no_sense_count_nothing(room: ControlRoom, body: Any) -> None:
    await room.put_reported("babbling")
    assert (await room.call("POST", "/services/babbling/operations", body)).status_code == 400
    assert (await room.do("GET", "/services/babbling"))["metrics"]["total"] == 0


async def test_who_does_not_report_itself_is_told_so(room: ControlRoom) -> None:
    async with patient() as asked:
        await room.put_probe("probed", asked)
        await asked.asked_times(1)
        path = "/services/probed/operations"
        assert await room.refusal("POST", path, GOOD) == (409, "INVALID_STATE")
        await room.do("DELETE", "/services/probed")
    assert await room.refusal("POST", "/services/nobody/operations", GOOD) == (404, "SERVICE_NOT_FOUND")


# ── restart ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_services_are_there_after_a_restart(tmp_path: Path) -> None:
    async with arranged(data_dir=tmp_path) as room:
        # In an order in which those that were put first need those behind them.
        await room.put_reported("alpha")
        await room.put_reported("omega", layer="basement", displayName="Omega")
        await room.put_reported("alpha", dependencies=["omega"])
        await room.report("omega", False)
        await room.put_reported("gone")
        await room.do("DELETE", "/services/gone")
    async with arranged(data_dir=tmp_path) as room:
        alpha, omega = [await room.do("GET", f"/services/{name}") for name in ("alpha", "omega")]
        assert (alpha["dependencies"], omega["dependents"]) == (["omega"], ["alpha"])
        assert (omega["displayName"], omega["layer"], omega["status"]) == ("Omega", "basement", "unknown")
        assert await room.refusal("GET", "/services/gone") == (404, "SERVICE_NOT_FOUND")
        assert await room.refusal("DELETE", "/services/omega") == (409, "DEPENDENCY_ERROR")
        await room.report("omega", True)
        async with room.socket("circuit-breaker", "ann", greeted=False) as ann:
            (welcome, _) = await ann.receive_many(2)
            assert "basement" in welcome["channels"]["layers"]
            assert {"alpha", "omega"} <= set(welcome["channels"]["services"])


async def test_those_of_the_file_cannot_be_changed(tmp_path: Path) -> None:
    configured = ({"name": "filed"} | REPORTED, {"name": "first"} | REPORTED | {"dependencies": ["filed"]})
    async with arranged(data_dir=tmp_path, services=configured) as room:
        assert (await room.do("GET", "/services/filed"))["kind"] == "reported"
        assert await room.refusal("PUT", "/services/filed", REPORTED) == (409, "INVALID_STATE")
        assert await room.refusal("DELETE", "/services/first") == (409, "INVALID_STATE")
        await room.report("filed", True)
        await room.put_reported("needs-filed", dependencies=["filed"])
    async with arranged(data_dir=tmp_path) as room:
        # The file names it no longer: what needs it is left out, and the rest of the server works.
        assert await room.refusal("GET", "/services/filed") == (404, "SERVICE_NOT_FOUND")
        assert await room.refusal("GET", "/services/needs-filed") == (404, "SERVICE_NOT_FOUND")
        await room.put_reported("filed")
    async with arranged(data_dir=tmp_path) as room:
        assert (await room.do("GET", "/services/needs-filed"))["dependencies"] == ["filed"]
