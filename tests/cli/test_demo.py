"""`duelcast demo` as whoever tries it sees it: a process of its own, HTTP, and the lines that it prints."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import signal
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from duelcast.store import key_values
from tests.e2e.forked import fork
from tests.e2e.process import COMMAND, Server, environment, free_port, kill, serving
from tests.storing import opened, rename_somebody

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

TIMEOUT_S = 60.0
GUIDE_END = "Everything else:"


class Demo(Server):
    """A running `duelcast demo`; `guide` is what it has printed."""

    guide = ""

    def printed_token(self, variable: str) -> str:
        found = re.search(rf"export {variable}=(\S+)", self.guide)
        assert found is not None
        return found[1]

    @property
    def admin(self) -> str:
        return self.printed_token("ADMIN_TOKEN")

    def printed_command(self, name: str) -> list[str]:
        """The arguments of the first command that is shown with that name in it."""
        line = next(line for line in self.guide.splitlines() if name in line.split())
        return shlex.split(line)

    async def get(self, path: str, token: str | None = None) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
            try:
                answer = await http.get(f"{self.url}/api/v69{path}")
            except httpx.ConnectError as error:
                raise AssertionError((self.process.returncode, self.log()[-10:])) from error
            return answer.raise_for_status().json()

    async def contests(self) -> dict[int, Any]:
        """The contests by id, in the order in which they were made."""
        listed = (await self.get("/contests"))["data"]
        return {contest["id"]: contest for contest in sorted(listed, key=lambda contest: contest["id"])}

    async def read_guide(self) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(TIMEOUT_S):
            while GUIDE_END not in self.guide:
                line = await self.process.stdout.readline()
                assert line, self.log()
                self.guide += line.decode()

    async def stop(self, number: signal.Signals) -> int:
        self.signal(number)
        return await self.ended()


@asynccontextmanager
async def demo(folder: Path, *arguments: str, **settings: object) -> AsyncIterator[Demo]:
    """A demo whose server is ready; killed at the end where it still runs."""
    port = free_port()
    log_file = folder / "demo.log"
    with log_file.open("ab") as log:
        process = await fork(
            *("demo", "--port", str(port), *arguments),
            env=environment(folder, **settings),
            cwd=folder,
            stdout=PIPE,
            stderr=log,
        )
    running = Demo(process, port, log_file)
    try:
        await running.until_ready()
        yield running
    finally:
        await kill(process)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filled(folder: Path) -> AsyncIterator[Demo]:
    """A demo that has said what to try."""
    async with demo(folder) as running:
        await running.read_guide()
        yield running


# ── what it fills a database with ───────────────────────────────────────────────────────────────────────────────────


async def test_there_is_a_contest_that_has_ended_one_that_runs_and_one_to_enter(filled: Demo) -> None:
    contests = (await filled.contests()).values()
    assert [contest["status"] for contest in contests] == ["completed", "active", "pending"]
    assert all(contest["name"].startswith("Demo ") for contest in contests)


async def test_the_one_that_runs_ends_when_the_next_begins(filled: Demo) -> None:
    _, active, pending = (await filled.contests()).values()
    assert active["end_time"] == pending["start_time"]


async def test_the_completed_contest_was_played(filled: Demo) -> None:
    completed = min(await filled.contests())
    settlement = await filled.get(f"/contests/{completed}/settlement")
    assert settlement["start"]["prices"]
    assert settlement["end"]["prices"]
    entries = (await filled.get(f"/contests/{completed}/leaderboard"))["entries"]
    assert len(entries) == 20
    assert all(entry["nickname"].endswith(" (bot)") for entry in entries)
    assert len({entry["value"] for entry in entries}) > 1
    assert await trades(filled, completed) > 0


async def test_who_did_it_all_is_in_the_audit_trail(filled: Demo) -> None:
    done = (await filled.get("/audit", filled.admin))["data"]
    assert {"users.put", "contests.create", "contests.start", "contests.end"} <= {act["action"] for act in done}
    assert {act["wallet"] for act in done} == {"demo-organiser"}


async def contests_when(running: Demo, is_so: Callable[[dict[int, Any]], bool]) -> dict[int, Any]:
    """The contests once that is so; looked at whenever the list of contests changes."""
    url = f"{running.ws_url('contest')}?endpoint=public.contests&channel=public.contests"
    async with asyncio.timeout(TIMEOUT_S), connect(url, compression=None, proxy=None) as changes:
        while not is_so(contests := await running.contests()):
            await changes.recv()
    return contests


def has_entries_in_the_next(contests: dict[int, Any]) -> bool:
    return any(contest["status"] == "pending" and contest["participantCount"] for contest in contests.values())


async def trades(running: Demo, contest_id: int) -> int:
    """How many trades all participants of a contest made so far."""
    entries = (await running.get(f"/contests/{contest_id}/leaderboard"))["entries"]
    paths = (f"/contests/{contest_id}/entries/{entry['wallet']}/trades" for entry in entries)
    return sum([(await running.get(path, running.admin))["count"] for path in paths])


# ── what it says to try ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_it_says_that_this_is_demo_data(filled: Demo) -> None:
    assert "DEMO DATA" in filled.guide
    assert "demo_data" in [record["event"] for record in filled.log()]


async def test_the_tokens_are_those_of_a_user_and_of_an_admin(filled: Demo) -> None:
    user = filled.printed_token("DUELCAST_TOKEN")
    assert (await filled.get("/users/me", user))["nickname"] == "Demo user"
    assert (await filled.get("/users/me", filled.admin))["nickname"] == "Demo admin"
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        await filled.get("/audit", user)


async def test_the_secret_that_signs_them_is_not_told(filled: Demo, folder: Path) -> None:
    secret = (folder / "data" / "jwt_secret").read_text()
    assert secret not in filled.guide
    assert secret not in (folder / "demo.log").read_text()
    assert filled.admin not in (folder / "demo.log").read_text()


async def test_entering_works_as_it_says(filled: Demo) -> None:
    command = next(line for line in filled.guide.splitlines() if "/entries" in line)
    url = re.search(r"http\S+/entries", command)
    body = re.search(r"-d '(.*)'", command)
    assert url is not None
    assert body is not None
    headers = {"Authorization": f"Bearer {filled.printed_token('DUELCAST_TOKEN')}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(trust_env=False) as http:
        entered = await http.post(url[0], content=body[1], headers=headers)
    assert (entered.status_code, entered.json()["walletAddress"]) == (201, "demo-user")


async def test_following_works_as_it_says_and_the_bots_are_busy(filled: Demo, folder: Path) -> None:
    active = next(number for number, contest in (await filled.contests()).items() if contest["status"] == "active")
    trades_before = await trades(filled, active)
    _, *arguments = filled.printed_command("tail")
    process = await fork(
        *arguments,
        "--json",
        env=environment(folder, token=filled.printed_token("DUELCAST_TOKEN")),
        cwd=folder,
        stdout=PIPE,
    )
    pushed: dict[str, Any] = {}
    try:
        assert process.stdout is not None
        async with asyncio.timeout(TIMEOUT_S):
            while (
                not {"leaderboard_update", "chat_message"} <= pushed.keys()
                or await trades(filled, active) <= trades_before
            ):
                frame = json.loads(await process.stdout.readline())
                if "seq" in frame:  # the snapshot of a chat has none
                    pushed[frame["type"]] = frame.get("data")
    finally:
        await kill(process)
    assert pushed["chat_message"]["sender"]["nickname"].endswith(" (bot)")
    assert pushed["leaderboard_update"]["total"] == 20


async def test_no_bot_runs_into_a_limit(filled: Demo) -> None:
    assert "RATE_LIMIT_EXCEEDED" not in {record.get("code") for record in filled.log()}


# ── stopping, going on ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_it_goes_on_with_what_it_made_and_opens_a_contest_when_one_ends(tmp_path: Path) -> None:
    async with demo(tmp_path, "--round", "10s") as running:
        await running.read_guide()
        first = await contests_when(running, has_entries_in_the_next)
        assert await running.stop(signal.SIGTERM) == 0
        assert last_words(running) == ["stopping", "stopped"]
    async with demo(tmp_path, "--round", "10s") as running:
        await running.read_guide()
        again = await running.contests()
        assert first.keys() <= again.keys()
        assert {"active", "pending"} <= {contest["status"] for contest in again.values()}
        later = await contests_when(running, lambda contests: len(contests) > len(again))
        assert later[max(later)]["name"].startswith("Demo ")
        assert "ALREADY_ENTERED" not in {record.get("code") for record in running.log()}
        assert await running.stop(signal.SIGINT) == 0
    async with serving(tmp_path) as server:
        assert "demo_data" in [record["event"] for record in server.log()]


async def test_it_stops_while_it_still_waits_for_prices(tmp_path: Path) -> None:
    async with demo(tmp_path, "--feed", "none") as running:
        assert await running.stop(signal.SIGTERM) == 0
        assert last_words(running) == ["stopping", "stopped"]


def last_words(running: Demo) -> list[str]:
    """The server's own records from the time that it was told to stop; all bots had left by then."""
    records = [record for record in running.log() if record["logger"] == "duelcast"]
    assert records[-2]["connections"] == 0
    return [record["event"] for record in records[-2:]]


# ── what it refuses ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_database_with_data_of_others_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "duelcast.db"
    async with opened(file) as database:
        await rename_somebody(database)
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("demo", "--port", "0"),
        env=environment(tmp_path, log_level="warning"),
        cwd=tmp_path,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    assert (process.returncode, out) == (2, b"")
    assert err.decode().splitlines() == [
        "duelcast: The database contains data that `duelcast demo` did not create, and bots would spoil it. Run the "
        "server alone with `duelcast serve`, or set DUELCAST_DATA_DIR to another folder for the demo."
    ]
    async with opened(file) as database, database.read() as transaction:
        assert await key_values.find_value(transaction, key_values.DEMO) is None


async def test_the_server_alone_starts_empty(tmp_path: Path) -> None:
    async with serving(tmp_path, feed="none") as server, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{server.url}/api/v69/contests")).json()["data"] == []
        assert "demo_data" not in [record["event"] for record in server.log()]
