"""The commands as an operator runs them, against servers that are processes of their own.

How `duelcast tail` comes back to a server is shown in `tests/e2e/test_restart.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.cli.running import Finished
from tests.e2e.process import COMMAND, Server, environment, kill, serving, tailing

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

PROJECT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60.0
LIVELY = "simulated?seed=7&interval_ms=20"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server that the tests share was started."""
    return tmp_path_factory.mktemp("server")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(folder: Path) -> AsyncIterator[Server]:
    async with serving(folder, feed=LIVELY) as server:
        yield server


async def finished(*command: str, cwd: Path, **settings: object) -> Finished:
    """Run a program to its end."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environment(cwd, **settings), cwd=cwd, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            out, err = await process.communicate()
    finally:
        await kill(process)
    return Finished(process.returncode or 0, out.decode(), err.decode())


async def duelcast(*arguments: str, cwd: Path, **settings: object) -> Finished:
    return await finished(*COMMAND, *arguments, cwd=cwd, **settings)


async def post_price(server: Server, token: str, symbol: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(
            f"{server.url}/api/v69/tokens/prices",
            json=[{"symbol": symbol, "price": 2.5}],
            headers={"Authorization": f"Bearer {token}"},
        )


# ── token ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rights", [["--role", "admin"], ["--scope", "prices"]], ids=" ".join)
async def test_a_token_of_the_same_data_directory_is_taken(server: Server, folder: Path, rights: list[str]) -> None:
    printed = await duelcast("token", "--wallet", "price-bot", *rights, cwd=folder)
    assert (printed.code, printed.err) == (0, "")
    assert (await post_price(server, printed.out.strip(), "POSTED")).json()["accepted"] == 1


async def test_a_token_of_another_data_directory_is_refused_and_says_why_it_would_be(
    server: Server, tmp_path: Path
) -> None:
    printed = await duelcast("token", "--wallet", "price-bot", "--role", "admin", cwd=tmp_path)
    assert str(tmp_path / "data" / "jwt_secret") in printed.err
    assert (await post_price(server, printed.out.strip(), "POSTED")).status_code == 401


async def test_tail_signs_in_with_the_token_of_its_variable(server: Server, folder: Path) -> None:
    token = (await duelcast("token", "--wallet", "W-1", cwd=folder)).out.strip()
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *("tail", "market-data", "SOL", "--json"),
        env=environment(folder, token=token, port=server.port),
        cwd=folder,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(TIMEOUT_S):
            while (frame := json.loads(await process.stdout.readline()))["type"] != "auth_success":
                pass
    finally:
        await kill(process)
    assert frame["user"]["wallet_address"] == "W-1"


# ── tail ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("arguments", [["NOPE"], ["NOPE", "channel:nonsense"]], ids=" ".join)
async def test_tail_ends_where_the_server_has_nothing_of_what_was_asked_for(
    server: Server, tmp_path: Path, arguments: list[str]
) -> None:
    ended = await duelcast("tail", "market-data", *arguments, cwd=tmp_path, port=server.port)
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == "# There is nothing left to follow."


async def test_tail_goes_on_with_what_the_server_has(server: Server, tmp_path: Path) -> None:
    async with tailing(tmp_path, f"ws://127.0.0.1:{server.port}", "market-data", "NOPE", "SOL", "--json") as tail:
        assert (await tail.notices_until("NOPE"))[-1].startswith("# market.NOPE is not followed")
        while (frame := await tail.frame())["type"] != "MARKET_PRICE":
            pass
    assert frame["data"]["symbol"] == "SOL"


@pytest.mark.parametrize("there", [True, False], ids=["a server", "no server"])
async def test_ctrl_c_ends_tail_with_130_and_no_traceback(server: Server, tmp_path: Path, there: bool) -> None:
    port = server.port if there else 1
    async with tailing(tmp_path, f"ws://127.0.0.1:{port}", "market-data", "SOL") as tail:
        assert ("connected" if there else "No WebSocket server answers") in await tail.notice()
        tail.process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(tail.process.communicate(), TIMEOUT_S)
    assert (tail.process.returncode, b"Traceback" in err) == (130, False)


# ── record ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_recorded_can_be_served_again(tmp_path: Path) -> None:
    recorded = await duelcast("record", "ticks.jsonl", "--feed", LIVELY, "--for", "1s", cwd=tmp_path)
    ticks = [json.loads(line)["tick"] for line in (tmp_path / "ticks.jsonl").read_text().splitlines()]
    assert (recorded.code, recorded.err) == (0, f"{len(ticks)} ticks in ticks.jsonl\n")
    last = {tick["symbol"]: tick["price"] for tick in ticks if tick["kind"] == "ticker"}
    async with serving(tmp_path, feed="replay:ticks.jsonl?speed=0", price_interval_ms=0) as server:
        assert await prices_of(server, tmp_path, last) == last


async def prices_of(server: Server, folder: Path, expected: dict[str, float]) -> dict[str, float]:
    """The newest price of each symbol, once they are as expected or time is up; all of the source `replay`."""
    prices: dict[str, float] = {}
    async with tailing(folder, f"ws://127.0.0.1:{server.port}", "market-data", "--json") as tail:
        with suppress(TimeoutError):
            async with asyncio.timeout(60):
                while prices != expected:
                    frame = await tail.frame()
                    if frame["type"] == "MARKET_PRICE" and frame["data"]["source"] == "replay":
                        prices[frame["data"]["symbol"]] = frame["data"]["price"]
    return prices


async def test_ctrl_c_ends_a_recording_that_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "ticks.jsonl"
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *("record", "ticks.jsonl", "--feed", LIVELY), env=environment(tmp_path), cwd=tmp_path, stderr=PIPE
    )
    try:
        await until_written(file)
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
    finally:
        await kill(process)
    lines = file.read_bytes().splitlines()
    assert (process.returncode, err.decode()) == (0, f"{len(lines)} ticks in ticks.jsonl\n")
    assert lines
    assert all(json.loads(line)["tick"] for line in lines)


async def until_written(file: Path) -> None:
    """Wait for a file that another process writes."""
    async with asyncio.timeout(TIMEOUT_S):
        while not has_content(file):  # noqa: ASYNC110 - no event reaches from there
            await asyncio.sleep(0.02)


def has_content(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


# ── documents and configuration ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_asyncapi_document_is_that_of_the_server_but_for_its_address(server: Server, tmp_path: Path) -> None:
    printed: dict[str, Any] = json.loads((await duelcast("asyncapi", cwd=tmp_path)).out)
    async with httpx.AsyncClient(trust_env=False) as http:
        served: dict[str, Any] = (await http.get(f"{server.url}/asyncapi.json")).json()
    assert printed.pop("servers")
    assert served.pop("servers")
    assert printed == served


async def test_check_config_on_a_terminal_shows_no_secret(tmp_path: Path) -> None:
    (tmp_path / "duelcast.toml").write_text('jwt_secret = "hunter2 and more of it, which is no word"\n')
    shown = await on_terminal(tmp_path, "check-config", "--config", "duelcast.toml")
    assert "DUELCAST_JWT_SECRET" in shown
    assert "hunter2" not in shown


# ── serve ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_port_that_is_taken_is_a_sentence_that_says_what_to_set(server: Server, tmp_path: Path) -> None:
    ended = await duelcast("serve", "--port", str(server.port), cwd=tmp_path)
    assert ended.code == 2
    *log, sentence = ended.err.splitlines()
    assert {json.loads(line)["level"] for line in log} <= {"info", "warning"}
    assert "DUELCAST_PORT" in sentence


async def test_serve_on_a_terminal_says_where_it_is_and_what_to_try(tmp_path: Path) -> None:
    shown = await on_terminal(tmp_path, "serve", "--port", "0", until="tail market-data")
    url = re.search(r"Duelcast is on (http://127\.0\.0\.1:\d+) ", shown)
    assert url is not None
    assert f"{url[1]}/docs" in shown
    assert "Traceback" not in shown


async def on_terminal(folder: Path, *arguments: str, until: str = "") -> str:
    """What `duelcast` shows on a terminal until it ends; once it has shown `until` it is asked to."""
    ours, theirs = pty.openpty()
    terminal = {"TERM": "xterm", "COLUMNS": "300", "LINES": "100"}
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        env=environment(folder) | terminal,
        cwd=folder,
        stdin=DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(screen), os.fdopen(ours, "rb", 0)
    )
    shown = b""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            if until:
                shown = await screen.readuntil(until.encode())
                process.terminate()
            # Reading a terminal fails (EIO) when its last writer is gone.
            with suppress(OSError):
                while part := await screen.read(65536):
                    shown += part
            assert await process.wait() == 0
    finally:
        transport.close()
        await kill(process)
    return shown.decode(errors="replace")


# ── what the pages say ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("page", ["README.md", "docs/feeds.md"])
async def test_posting_works_as_the_page_says(server: Server, folder: Path, page: str) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", (PROJECT / page).read_text(), re.MULTILINE | re.DOTALL)
    (script,) = [block for block in blocks if "curl" in block]
    script = script.replace(".venv/bin/duelcast", f"{sys.executable} -m duelcast.cli")
    assert "127.0.0.1:8069" in script
    script = script.replace("127.0.0.1:8069", f"127.0.0.1:{server.port}").replace("curl ", "curl -sS --noproxy '*' ")
    ran = await finished("sh", "-c", script, cwd=folder)
    assert (ran.out, ran.err) == ('{"accepted":1,"dropped":0,"duplicate":0}', "")
