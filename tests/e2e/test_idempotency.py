"""Requests with an `Idempotency-Key` take effect once, however often and whenever they are repeated (protocol §13)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from duelcast.app.operations import STORE_BREAKER
from duelcast.channels.names import Role
from duelcast.clock import ManualClock, SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.store.tables import error_records, notifications
from tests.e2e.contest.contest_room import ADMIN, Stage, choices, stage
from tests.e2e.metrics import find_metric, metric
from tests.e2e.process import serving
from tests.failpoints import failing_commits
from tests.serving import SECRET, token_for
from tests.store.facts import until
from tests.storing import locked

REPLAYED = "Idempotency-Replayed"
DAY_S = 24 * 3600
PATIENT = {"start_time": "2029-01-01T00:00:00Z", "end_time": "2029-02-01T00:00:00Z"}
"""A contest that is pending all the time."""


@dataclass(frozen=True)
class Case:
    """A request, another one to the same route, and what shows how often it took effect."""

    method: str
    path: str
    body: Any
    other: Any
    effects: Callable[[Stage], Awaitable[Any]]
    by: str = ADMIN

    async def send(self, hall: Stage, body: Any = None, *, by: str | None = None, **headers: str) -> httpx.Response:
        return await hall.call(self.method, self.path, body or self.body, by=by or self.by, **headers)


async def contests(hall: Stage) -> Any:
    return [contest["name"] for contest in (await hall.do("GET", "/contests"))["data"]]


async def notified(hall: Stage) -> Any:
    async with hall.app.leader.database.read() as transaction:
        return (await transaction.execute(select(func.count()).select_from(notifications))).scalar_one()


async def recorded(hall: Stage) -> Any:
    async with hall.app.leader.database.read() as transaction:
        return (await transaction.execute(select(func.sum(error_records.c.count)))).scalar_one()


async def traded(hall: Stage) -> Any:
    return find_metric(hall.app, "duelcast_feed_records_total", feed="http", kind="trade")


async def reported(hall: Stage) -> Any:
    return (await hall.do("GET", "/services/reporter"))["metrics"]


async def chosen(hall: Stage) -> Any:
    return (await hall.do("GET", "/contests/1/entries/me", by="ann"))["portfolio"]


NOTE = {"wallets": ["ann", "bob"], "type": "CONTEST_INVITE", "title": "Come", "content": "It begins.", "data": {"n": 1}}
TRADE = {"symbol": "SOL", "price": 100, "quantity": 1, "side": "buy"}
CASES = [
    Case("POST", "/contests", {"name": "Cup", **PATIENT}, {"name": "Other", **PATIENT}, contests),
    Case("POST", "/notifications", NOTE, NOTE | {"title": "Go"}, notified),
    Case(
        "POST",
        "/errors",
        {"service": "shop", "level": "error", "error": "Out of stock", "details": {"a": 1, "b": [2]}},
        {"service": "shop", "level": "error", "error": "Out of luck"},
        recorded,
    ),
    Case("POST", "/tokens/trades", [TRADE], [TRADE, TRADE], traded),
    Case(
        "POST",
        "/services/reporter/operations",
        [{"ok": True, "durationMs": 5}],
        [{"ok": True, "durationMs": 6}, {"ok": True, "durationMs": 7}],
        reported,
    ),
    Case(
        "PUT",
        "/contests/1/entries/me/portfolio",
        {"portfolio": choices({"SOL": 10, "BTC": 90})},
        {"portfolio": choices({"SOL": 20, "BTC": 80})},
        chosen,
        by="ann",
    ),
]
each_route = pytest.mark.parametrize("case", CASES, ids=[f"{case.method} {case.path}" for case in CASES])


@asynccontextmanager
async def hall_at(folder: Path, clock: ManualClock | None = None, **settings: Any) -> AsyncIterator[Stage]:
    """A server with a pending contest that ann has entered, and a service that reports itself."""
    async with stage(clock, data_dir=folder, **settings) as hall:
        if not await contests(hall):
            await hall.do("POST", "/contests", {"name": "First", **PATIENT})
            await hall.enter(1, "ann")
            body = {"kind": "reported", "layer": "data", "silentAfterMs": 86_400_000}
            await hall.do("PUT", "/services/reporter", body)
        # What a start writes by itself is written.
        last_run = "duelcast_retention_last_run_timestamp_seconds"
        await until(lambda: bool(find_metric(hall.app, last_run)))
        yield hall


def outcomes(hall: Stage) -> dict[str, float]:
    found = hall.app.leader.idempotency.collect()
    return {
        sample.labels["outcome"]: sample.value
        for family in found
        for sample in family.samples
        if sample.name == "duelcast_idempotency_outcomes_total"
    }


# ── repeating ───────────────────────────────────────────────────────────────────────────────────────────────────────


@each_route
async def test_a_repeat_is_answered_as_the_first_time_and_changes_nothing(case: Case, tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        before = await case.effects(hall)
        first = await case.send(hall, Idempotency_Key="k-1")
        assert first.is_success, first.text
        assert REPLAYED not in first.headers
        assert await case.effects(hall) != before
        assert (await case.send(hall, case.other)).is_success
        after = await case.effects(hall)
        again = await case.send(hall, Idempotency_Key="k-1")
        assert (again.status_code, again.headers["Content-Type"]) == (first.status_code, first.headers["Content-Type"])
        assert again.text == first.text
        assert again.headers[REPLAYED] == "true"
        assert await case.effects(hall) == after
        assert outcomes(hall) == {"first": 1, "replayed": 1, "conflict": 0, "full": 0, "unknown": 0}


@each_route
async def test_a_restart_makes_no_difference(case: Case, tmp_path: Path) -> None:
    clock = ManualClock()
    async with hall_at(tmp_path, clock) as hall:
        first = await case.send(hall, Idempotency_Key="k-1")
        assert (await case.send(hall, case.other)).is_success
    async with hall_at(tmp_path, clock) as hall:
        before = await case.effects(hall)
        again = await case.send(hall, Idempotency_Key="k-1")
        assert (again.status_code, again.text) == (first.status_code, first.text)
        assert again.headers[REPLAYED] == "true"
        assert await case.effects(hall) == before


@each_route
async def test_a_repeat_waits_for_the_first_that_is_under_way(case: Case, tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        answers = await asyncio.gather(*(case.send(hall, Idempotency_Key="k-1") for _ in range(10)))
        assert {answer.text for answer in answers} == {answers[0].text}
        assert all(answer.is_success for answer in answers), answers[0].text
        assert sum(REPLAYED not in answer.headers for answer in answers) == 1
        assert outcomes(hall)["first"] == 1


@each_route
async def test_another_body_with_the_same_key_is_refused_and_changes_nothing(case: Case, tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        first = await case.send(hall, Idempotency_Key="k-1")
        before = await case.effects(hall)
        other = await case.send(hall, case.other, Idempotency_Key="k-1")
        assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_CONFLICT")
        assert "Idempotency-Key" in other.json()["detail"]
        assert await case.effects(hall) == before
        assert (await case.send(hall, Idempotency_Key="k-1")).text == first.text


@each_route
async def test_after_24_hours_the_key_is_free(case: Case, tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        assert (await case.send(hall, Idempotency_Key="k-1")).is_success
        await hall.clock.jump(DAY_S - 1)
        assert REPLAYED in (await case.send(hall, Idempotency_Key="k-1")).headers
        await hall.clock.jump(2)
        other = await case.send(hall, case.other, Idempotency_Key="k-1")
        assert other.is_success, other.text
        assert REPLAYED not in other.headers
        assert (await case.send(hall, case.other, Idempotency_Key="k-1")).text == other.text


@each_route
@pytest.mark.parametrize("key", ["", "k" * 256, "a key", "k\xe9y", "k\tk"])
async def test_a_key_that_is_none_is_refused_with_what_it_should_be(case: Case, key: str, tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        before = await case.effects(hall)
        headers = {"Authorization": f"Bearer {hall.token(case.by)}", "Idempotency-Key": key.encode("latin-1")}
        answer = await hall._http.request(case.method, case.path, json=case.body, headers=headers)  # type: ignore[arg-type]  # of bytes and texts
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (400, "INVALID_REQUEST", "Idempotency-Key")
        assert "1 to 255" in problem["detail"]
        assert await case.effects(hall) == before


@each_route
async def test_a_caller_without_the_right_learns_nothing_of_the_key(case: Case, tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        assert (await case.send(hall, Idempotency_Key="k-1")).is_success
        nobody = await hall.call(case.method, case.path, case.body, by=None, Idempotency_Key="k-1")
        assert (nobody.status_code, nobody.json()["code"]) == (401, "UNAUTHORIZED")
        if case.by == ADMIN:
            token = token_for(hall.app, ADMIN, Role.USER)
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1"}
            answer = await hall._http.request(case.method, case.path, json=case.body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_DENIED")


# ── whose key, and what for ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_key_belongs_to_its_wallet(tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        mine = await CASES[0].send(hall, Idempotency_Key="k")
        theirs = await CASES[0].send(hall, Idempotency_Key="k", by="chief")
        assert mine.json()["id"] != theirs.json()["id"]
        await hall.enter(1, "bob")
        for wallet in ("ann", "bob"):
            answer = await CASES[5].send(hall, Idempotency_Key="k", by=wallet)
            assert (answer.json()["walletAddress"], REPLAYED in answer.headers) == (wallet, False)


async def test_a_key_belongs_to_its_route(tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        body = [{"ok": True, "durationMs": 5}]
        await hall.do("PUT", "/services/second", {"kind": "reported", "layer": "data"})
        await hall.do("POST", "/services/reporter/operations", body, Idempotency_Key="k")
        refused = await hall.refusal("POST", "/services/second/operations", body, Idempotency_Key="k")
        assert refused == (409, "IDEMPOTENCY_CONFLICT")


async def test_the_order_of_keys_in_the_body_does_not_matter(tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        first = await CASES[2].send(hall, Idempotency_Key="k")
        turned = dict(reversed(CASES[2].body.items())) | {"details": {"b": [2], "a": 1}}
        assert list(turned) != list(CASES[2].body)
        again = await CASES[2].send(hall, turned, Idempotency_Key="k")
        assert (again.text, again.headers[REPLAYED]) == (first.text, "true")


async def test_a_refused_request_uses_no_key(tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        wrong = {"name": "Cup", "start_time": PATIENT["end_time"], "end_time": PATIENT["start_time"]}
        assert await hall.refusal("POST", "/contests", wrong, Idempotency_Key="k") == (400, "INVALID_REQUEST")
        assert await hall.refusal("POST", "/services/none/operations", [{"ok": True, "durationMs": 1}])
        assert (await CASES[0].send(hall, Idempotency_Key="k")).status_code == 201


async def test_routes_without_it_ignore_the_header(tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        for price in (1, 2):
            answer = await hall.call("POST", "/tokens/prices", [{"symbol": "SOL", "price": price}], Idempotency_Key="k")
            assert (answer.status_code, REPLAYED in answer.headers) == (200, False)


async def test_a_portfolio_change_of_an_active_contest_trades_once(tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        await hall.act(1, "start")
        path = "/contests/1/entries/me/portfolio"
        first = await hall.call("PUT", path, CASES[5].body, by="ann", Idempotency_Key="k")
        await hall.prices({"SOL": 200.0, "BTC": 60_000.0})
        await hall.do("PUT", path, CASES[5].other, by="ann")
        trades = await hall.do("GET", "/contests/1/entries/me/trades", by="ann")
        again = await hall.call("PUT", path, CASES[5].body, by="ann", Idempotency_Key="k")
        assert (again.text, again.headers[REPLAYED]) == (first.text, "true")
        assert {one["symbol"]: one["weight"] for one in first.json()["portfolio"]} == {"BTC": 90, "SOL": 10}
        assert await hall.do("GET", "/contests/1/entries/me/trades", by="ann") == trades


async def test_repeats_do_not_count_against_the_rate_of_portfolio_changes(tmp_path: Path) -> None:
    async with hall_at(tmp_path, rate_limit_factor=1.0) as hall:
        for number in range(30):
            answer = await CASES[5].send(hall, Idempotency_Key="k")
            assert (answer.status_code, REPLAYED in answer.headers) == (200, number > 0)


# ── bounds ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_wallet_has_room_for_so_many_and_the_others_go_on(tmp_path: Path) -> None:
    async with hall_at(tmp_path, idempotency_requests_per_wallet=3) as hall:
        for number in range(3):
            assert (await CASES[2].send(hall, Idempotency_Key=f"k-{number}")).is_success
        before = await recorded(hall)
        full = await CASES[2].send(hall, Idempotency_Key="k-3")
        assert (full.status_code, full.json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert int(full.headers["Retry-After"]) > 0
        assert await recorded(hall) == before
        assert REPLAYED in (await CASES[2].send(hall, Idempotency_Key="k-0")).headers, "repeats are answered"
        assert (await CASES[2].send(hall)).is_success, "without a key too"
        assert (await CASES[2].send(hall, Idempotency_Key="k", by="chief")).is_success
        assert outcomes(hall)["full"] == 1


async def test_answers_take_room_too_and_what_is_over_gives_it_back(tmp_path: Path) -> None:
    clock = ManualClock()
    settings = {"idempotency_bytes_per_wallet": 2_000}
    long = {"name": "Cup", **PATIENT, "rules": "r" * 3_000}
    async with hall_at(tmp_path, clock, **settings) as hall:
        assert (await hall.call("POST", "/contests", long, Idempotency_Key="a")).status_code == 201
        assert (await hall.call("POST", "/contests", long, Idempotency_Key="b")).status_code == 429
    async with hall_at(tmp_path, clock, **settings) as hall:
        assert (await hall.call("POST", "/contests", long, Idempotency_Key="b")).status_code == 429
        await hall.clock.jump(DAY_S + 1)
        assert await hall.app.leader.idempotency.delete_old() == 1
        assert (await hall.call("POST", "/contests", long, Idempotency_Key="b")).status_code == 201


async def test_all_wallets_together_have_room_for_so_much(tmp_path: Path) -> None:
    async with hall_at(tmp_path, idempotency_max_bytes=400) as hall:
        assert (await CASES[2].send(hall, Idempotency_Key="a")).is_success
        assert (await CASES[2].send(hall, Idempotency_Key="b", by="chief")).is_success
        full = await CASES[2].send(hall, Idempotency_Key="c", by="chief")
        assert (full.status_code, full.json()["code"]) == (503, "UNAVAILABLE")


async def test_old_requests_are_deleted_in_small_steps(tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        for number in range(3):
            assert (await CASES[2].send(hall, Idempotency_Key=f"old-{number}")).is_success
        await hall.clock.jump(DAY_S + 1)
        assert (await CASES[2].send(hall, Idempotency_Key="new")).is_success
        await hall.app.leader.idempotency.delete_old()  # unless the hourly job comes first
        await until(lambda: metric(hall.app, "duelcast_idempotency_requests") == 1)
        assert REPLAYED in (await CASES[2].send(hall, Idempotency_Key="new")).headers
        assert await hall.app.leader.idempotency.delete_old() == 0


# ── an outcome that nobody knows ────────────────────────────────────────────────────────────────────────────────────


@each_route
@pytest.mark.parametrize("happen", [True, False])
async def test_after_an_unknown_outcome_a_repeat_makes_it_happen_once(case: Case, happen: bool, tmp_path: Path) -> None:
    async with hall_at(tmp_path, database_outcome_wait_ms=0) as hall:
        before = await case.effects(hall)
        with failing_commits(happen=happen):
            answer = await case.send(hall, Idempotency_Key="k")
            problem = answer.json()
            assert (answer.status_code, problem["code"]) == (503, "OUTCOME_UNKNOWN"), problem
            assert int(answer.headers["Retry-After"]) * 1000 >= problem["retryAfterMs"] > 0
            refused = await case.send(hall, case.other, Idempotency_Key="other")
            assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
        await hall.app.leader.database.probe()
        again = await case.send(hall, Idempotency_Key="k")
        assert again.is_success, again.text
        assert (REPLAYED in again.headers) is happen
        after = await case.effects(hall)
        assert after != before
        assert (await case.send(hall, Idempotency_Key="k")).text == again.text
        assert await case.effects(hall) == after


async def test_a_failed_commit_whose_outcome_is_found_is_answered_with_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait() -> None:
        """The commit that fails must not be that of a probe."""

    async with hall_at(tmp_path) as hall:
        monkeypatch.setattr(hall.app.leader.database, "probe", wait)
        sent = 0
        for happen in (True, False):
            while True:
                sent += 1
                key = f"k-{sent}"
                with failing_commits(happen=happen, times=1):
                    answer = await CASES[0].send(hall, Idempotency_Key=key)
                # Otherwise it was the commit of a job that failed.
                if happen or not answer.is_success:
                    break
            assert answer.status_code == (201 if happen else 503)
            assert happen or answer.json()["code"] == "UNAVAILABLE"
            assert (REPLAYED in (await CASES[0].send(hall, Idempotency_Key=key)).headers) is happen
        assert sorted(await contests(hall)) == [*["Cup"] * sent, "First"]


async def test_a_chat_message_of_an_unknown_commit_is_stored_once_by_its_id(tmp_path: Path) -> None:
    async with hall_at(tmp_path, database_outcome_wait_ms=0) as hall, hall.socket("ann") as ann:
        await ann.ask(type="join_contest_room", contestId=1)
        message = {
            "type": "send_chat_message",
            "contestId": 1,
            "text": "hello",
            "messageId": "00000000-0000-4000-8000-000000000001",
        }
        with failing_commits(happen=True):
            answer = await ann.ask(**message)
            assert (answer["type"], answer["code"]) == ("error", "OUTCOME_UNKNOWN")
            assert answer["retryAfterMs"] > 0
        again = await ann.ask(**message)
        assert (again["type"], again["duplicate"], again["data"]["text"]) == ("chat_message", True, "hello")
        page = await ann.ask(type="get_chat_messages", contestId=1)
        assert [one["text"] for one in page["data"]] == ["hello"]


async def test_without_the_database_a_keyed_request_is_refused(tmp_path: Path) -> None:
    async with hall_at(tmp_path, database_busy_timeout_ms=0) as hall:
        async with locked(tmp_path / "duelcast.db"):
            for case in CASES:
                answer = await case.send(hall, Idempotency_Key="k-" + case.path)
                assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE"), case
        await hall.pass_time(STORE_BREAKER.reset_timeout_ms / 1000)
        for case in CASES:
            answer = await case.send(hall, Idempotency_Key="k-" + case.path)
            assert (answer.is_success, REPLAYED in answer.headers) == (True, False), answer.text


# ── a killed server ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_killed_server_knows_what_it_acknowledged(tmp_path: Path) -> None:
    token = TokenIssuer(SystemClock(), SECRET).issue(ADMIN, Role.ADMIN)
    settings: dict[str, Any] = {"feed": "none", "jwt_secret": SECRET, "rate_limit_factor": 0}
    answers: dict[str, str] = {}
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {token}"}) as http:

        async def create(url: str, key: str) -> httpx.Response:
            body = {"name": key, **PATIENT}
            return await http.post(f"{url}/api/v69/contests", json=body, headers={"Idempotency-Key": key})

        async with serving(tmp_path, **settings) as server:
            for number in range(5):
                answers[f"k-{number}"] = (await create(server.url, f"k-{number}")).text
            server.process.kill()
        async with serving(tmp_path, **settings) as server:
            for key, text in answers.items():
                again = await create(server.url, key)
                assert (again.status_code, again.text, again.headers[REPLAYED]) == (201, text, "true")
            listed = (await http.get(f"{server.url}/api/v69/contests")).json()["data"]
            assert sorted(contest["name"] for contest in listed) == sorted(answers)


# ── documents ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_document_names_the_header_on_these_routes_alone(tmp_path: Path) -> None:
    async with hall_at(tmp_path) as hall:
        document = json.loads((await hall.call("GET", f"http://127.0.0.1:{hall.app.port}/openapi.json")).text)
    named = {
        (method.upper(), path.removeprefix("/api/v69"))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    }
    assert named == {
        ("POST", "/contests"),
        ("POST", "/notifications"),
        ("POST", "/errors"),
        ("POST", "/tokens/trades"),
        ("POST", "/services/{name}/operations"),
        ("PUT", "/contests/{contest_id}/entries/me/portfolio"),
    }
    for method, path in named:
        operation = document["paths"][f"/api/v69{path}"][method.lower()]
        (parameter,) = (one for one in operation["parameters"] if one["name"] == "Idempotency-Key")
        assert (parameter["in"], parameter["required"], parameter["schema"]["maxLength"]) == ("header", False, 255)
        assert "409" in operation["responses"]
        success = min(operation["responses"])
        assert REPLAYED in operation["responses"][success]["headers"]
