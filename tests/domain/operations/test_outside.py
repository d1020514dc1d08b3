"""Services outside of the server: those of the file, those that are put, and what they report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

import duelcast.domain.operations.outside as module
from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.domain.operations.errors import DependencyError, ServiceNotFound
from duelcast.domain.operations.outside import Operation, OutsideServices, ServiceDefinition
from duelcast.errors import InvalidRequest, InvalidState, Unavailable
from duelcast.outbound.checks.build import build_check
from duelcast.outbound.checks.targets import TargetRules
from duelcast.settings import ConfigurationError
from duelcast.store import services as store
from duelcast.store.database import Database
from duelcast.store.services import ServiceRow
from tests.domain.operations.operators import BOSS, Operators
from tests.store.facts import until
from tests.storing import moved_away, opened

URL = "http://user:password@127.0.0.1:1/health?token=secret"
CHECK = {"type": "http", "url": URL, "intervalMs": 30_000}


def defined(kind: str = "reported", **fields: Any) -> ServiceDefinition:
    given = {"kind": kind, "layer": "wallet"} | ({"check": CHECK} if kind == "probe" else {}) | fields
    return msgspec.convert(given, ServiceDefinition)


class Outskirts(Operators):
    """`outside` is loaded; of the server's own there is `store`. `errors` are those that were told."""

    def __init__(self, database: Database, path: Path, configured: Mapping[str, ServiceDefinition]) -> None:
        super().__init__(database, path)
        self.add("store", kind="internal", layer="infrastructure")
        errors = ErrorRecords(database, self.clock)
        build = partial(build_check, targets=TargetRules())
        self.outside = OutsideServices(
            self.registry, self.health, database, self.audit, errors, self.clock, build, configured
        )

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """Service, level and text of each."""
        told = [alert["data"] for alert in self.on("system.errors")]
        return [(record["service"], record["level"], record["error"]) for record in told]

    async def put(self, name: str, **fields: Any) -> None:
        await self.outside.put(name, defined(**fields), BOSS)

    async def rows(self) -> dict[str, ServiceRow]:
        async with self.database.read() as transaction:
            return {row.name: row for row in await store.all_services(transaction)}


@asynccontextmanager
async def outskirts(folder: Path, **configured: ServiceDefinition) -> AsyncIterator[Outskirts]:
    """Over the database in `folder`, which may have been there before."""
    path = folder / "operations.db"
    async with opened(path) as database:
        made = Outskirts(database, path, configured)
        made.outside.add_configured()
        await made.outside.load()
        yield made


# ── putting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_service_is_stored_recorded_and_told_when_put_returns(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a", kind="probe", displayName="One", dependencies=["store"])
        (row,) = (await floor.rows()).values()
        assert (row.name, row.updated_by, row.updated_ms) == ("a", "boss", int(floor.clock.time() * 1000))
        (act,) = await floor.acts_stored()
        assert (act.action, act.target, act.outcome) == ("services.put", "a", "ok")
        assert act.details == {"kind": "probe", "layer": "wallet", "existed": False}
        (update,) = floor.on("service.a")
        assert (update["displayName"], update["dependencies"], update["status"]) == ("One", ["store"], "unknown")
        assert floor.registry.dependents("store") == ["a"]
        assert floor.outside.definition("a") == defined("probe", displayName="One", dependencies=["store"])


async def test_the_url_of_a_check_is_shown_to_nobody(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        with capture_logs() as logs:
            await floor.put("a", kind="probe")
            await floor.outside.delete("a", BOSS)
        shown = f"{logs}{floor.pushes}{await floor.acts_stored()}"
        assert "password" not in shown
        assert "127.0.0.1" not in shown
        config = floor.on("service.a")[0]["config"]
        assert config["check"] == {"type": "http", "intervalMs": 30_000, "timeoutMs": 5_000}


async def test_one_that_is_put_again_begins_anew(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        floor.outside.report("a", [Operation(False, 1.0)] * 5)
        assert floor.registry["a"].status == "circuit_open"
        await floor.put("a", layer="data", circuit_breaker={"failure_threshold": 1})
        service = floor.registry["a"]
        assert (service.status, service.calls.total, service.declaration.layer) == ("unknown", 0, "data")
        assert service.breaker is not None
        assert service.breaker.settings.failure_threshold == 1
        assert [act.details["existed"] for act in await floor.acts_stored()] == [False, True]
        assert len(await floor.rows()) == 1


async def test_a_probe_that_is_put_is_checked_by_itself_and_one_that_is_replaced_or_deleted_no_more(
    tmp_path: Path,
) -> None:
    async with outskirts(tmp_path) as floor, floor.working():
        await floor.put("a", kind="probe", check=CHECK | {"url": "http://127.0.0.1:1/"})
        replaced = floor.registry["a"]
        await until(lambda: replaced.last_check is not None)
        assert replaced.last_check is not None
        assert replaced.last_check.details == "The connection was refused."
        await floor.put("a", kind="probe", check=CHECK | {"url": "http://127.0.0.1:1/"})
        deleted = floor.registry["a"]
        await until(lambda: deleted.last_check is not None)
        await floor.outside.delete("a", BOSS)
        await floor.clock.advance(100)
        for service in (replaced, deleted):
            assert (service.checks, service.checking) == (1, None)


@pytest.mark.parametrize("name", ["store", "a"])
async def test_the_servers_own_and_those_of_the_file_cannot_be_changed(tmp_path: Path, name: str) -> None:
    async with outskirts(tmp_path, a=defined()) as floor:
        with pytest.raises(InvalidState):
            await floor.put(name)
        with pytest.raises(InvalidState):
            await floor.outside.delete(name, BOSS)
        assert await floor.rows() == {}


async def test_what_is_at_odds_or_may_not_be_probed_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        refused: dict[str, dict[str, Any]] = {
            "check": {"kind": "probe", "check": None},
            "check.url": {"kind": "probe", "check": CHECK | {"url": "http://169.254.169.254/"}},
        }
        for field, fields in refused.items():
            with pytest.raises(InvalidRequest) as refusal:
                await floor.put("a", **fields)
            assert refusal.value.field == field
        with pytest.raises(DependencyError):
            await floor.put("a", dependencies=["nowhere"])
        with pytest.raises(DependencyError):
            await floor.put("a", dependencies=["a"])
        assert "a" not in floor.registry
        assert await floor.rows() == {}


async def test_dependencies_cannot_be_made_to_go_in_a_circle(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        await floor.put("b", dependencies=["a"])
        with pytest.raises(DependencyError, match="a → b → a"):
            await floor.put("a", dependencies=["b"])
        assert floor.registry["a"].declaration.dependencies == ()


async def test_only_so_many_services_are_kept_and_those_there_are_can_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SERVICES", 2)
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        with pytest.raises(InvalidRequest, match="delete one first"):
            await floor.put("b")
        await floor.put("a")


async def test_while_the_store_is_out_of_reach_nothing_changes(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        with moved_away(floor.path):
            with pytest.raises(Unavailable):
                await floor.put("a", layer="data")
            with pytest.raises(Unavailable):
                await floor.put("b")
            with pytest.raises(Unavailable):
                await floor.outside.delete("a", BOSS)
        assert floor.registry["a"].declaration.layer == "wallet"
        assert "b" not in floor.registry


async def test_changes_come_one_after_the_other(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        await floor.put("b")
        outcomes = await asyncio.gather(
            floor.put("a", dependencies=["b"]), floor.put("b", dependencies=["a"]), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [type(None), DependencyError]


# ── deleting ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_deleted_is_gone_everywhere(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        await floor.outside.delete("a", BOSS)
        assert "a" not in floor.registry
        assert await floor.rows() == {}
        assert floor.on("service.a")[-1]["removed"] is True
        assert await floor.outcomes() == [("services.put", "a", "ok"), ("services.delete", "a", "ok")]
        with pytest.raises(ServiceNotFound):
            await floor.outside.delete("a", BOSS)
        with pytest.raises(ServiceNotFound):
            floor.outside.definition("a")


async def test_what_others_depend_on_is_not_deleted(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        await floor.put("b", dependencies=["a"])
        with pytest.raises(DependencyError, match="`a` is needed by b"):
            await floor.outside.delete("a", BOSS)
        await floor.outside.delete("b", BOSS)
        await floor.outside.delete("a", BOSS)


# ── loading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_was_put_is_there_after_a_restart_in_whatever_order_it_depends(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("z", dependencies=["store"])
        await floor.put("a", kind="probe", dependencies=["z"])
    async with outskirts(tmp_path) as floor:
        assert [service.name for service in floor.registry] == ["store", "a", "z"]
        assert floor.registry.dependents("z") == ["a"]
        assert floor.outside.definition("a") == defined("probe", dependencies=["z"])
        assert floor.outside.definition("store") is None
        await floor.put("a")


async def test_what_is_stored_and_no_longer_usable_is_left_out_and_logged_without_its_content(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        for name in ("taken", "good"):
            await floor.put(name)
        rows = {
            "broken": {"kind": "nothing", "layer": "wallet"},
            "forbidden": msgspec.to_builtins(defined("probe", check=CHECK | {"url": "http://u:password@169.254.1.1/"})),
            "lost": msgspec.to_builtins(defined(dependencies=["nowhere"])),
        }
        for name, definition in rows.items():
            row = ServiceRow(name, definition, 0, "boss")
            await floor.database.write(partial(store.save_service, service=row))
    with capture_logs() as logs:
        async with outskirts(tmp_path, taken=defined(layer="data")) as floor:
            assert [service.name for service in floor.registry] == ["store", "taken", "good"]
            assert floor.registry["taken"].declaration.layer == "data"
    left_out = [log["service"] for log in logs if log["event"] == "service_left_out"]
    assert left_out == ["broken", "forbidden", "lost", "taken"]
    assert "password" not in str(logs)


async def test_services_of_the_file_may_depend_on_each_other_but_in_no_circle(tmp_path: Path) -> None:
    async with outskirts(tmp_path, a=defined(dependencies=["b"]), b=defined(dependencies=["store"])) as floor:
        assert floor.registry.dependents("b") == ["a"]
    with pytest.raises(ConfigurationError, match="`b`: The dependencies form a cycle"):
        async with outskirts(tmp_path, a=defined(dependencies=["b"]), b=defined(dependencies=["a"])):
            pass


@pytest.mark.parametrize(
    ("name", "definition", "problem"),
    [
        ("a", defined(dependencies=["nowhere"]), "`a` depends on `nowhere`, which does not exist"),
        ("a", defined("probe", check=CHECK | {"url": "redis://user:password@db"}), "`check.url` must begin with"),
        ("a", defined("probe", check=CHECK | {"url": "http://u:password@169.254.1.1"}), "must not be probed"),
        ("store", defined(), "There is already a service `store`."),
    ],
)
async def test_what_cannot_be_used_of_the_file_is_said_without_its_urls(
    tmp_path: Path, name: str, definition: ServiceDefinition, problem: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        async with outskirts(tmp_path, **{name: definition}):
            pass
    assert str(refused.value).startswith(f"`[[services]]`, `{name}`: ")
    assert problem in str(refused.value)
    assert "password" not in str(refused.value)


# ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_reports_are_counted_and_their_errors_kept(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        floor.outside.report(
            "a",
            [
                Operation(True, 5.0),
                Operation(False, 7.0, "It broke."),
                Operation(True, 1.0, "Not a failure."),
                Operation(False, 2.0),
            ],
        )
        calls = floor.registry["a"].calls
        assert (calls.total, calls.failed, calls.durations.last_ms) == (4, 2, 2.0)
        await floor.database.probe()
        assert floor.errors == [("a", "error", "It broke.")]


async def test_silence_counts_from_what_is_set_or_a_minute(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor, floor.working():
        await floor.put("a")
        await floor.put("b", silentAfterMs=5_000)
        for name in ("a", "b"):
            floor.outside.report(name, [Operation(True, 1.0)])
        await floor.clock.advance(61)
    assert floor.alerts("a") == [(60.0, "health_failed")]
    assert floor.alerts("b") == [(5.0, "health_failed")]


async def test_only_who_reports_itself_may_report(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a", kind="probe")
        for name in ("a", "store"):
            with pytest.raises(InvalidState):
                floor.outside.report(name, [Operation(True, 1.0)])
        with pytest.raises(ServiceNotFound):
            floor.outside.report("nowhere", [])


async def test_what_reports_itself_cannot_be_switched(tmp_path: Path) -> None:
    async with outskirts(tmp_path) as floor:
        await floor.put("a")
        await floor.put("b", kind="probe")
        assert floor.registry["a"].commands == ("reset_circuit_breaker", "health_check")
        assert "stop" in floor.registry["b"].commands
