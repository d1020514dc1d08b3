"""The shared log on Valkey: every way in which the server cannot serve it has a sentence that says what to do."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from duelcast.channels import valkey as valkey_log
from duelcast.channels.log_health import LogHealth
from duelcast.channels.records import BEGINNING, EntryId
from duelcast.channels.shared_log import LogEntry, LogUnavailable
from duelcast.channels.valkey import ValkeyLog
from duelcast.clock import ManualClock
from tests.valkey import sentinel, valkey

FIRST = LogEntry(EntryId(1, 0), b"first")


@asynccontextmanager
async def log_at(url: str, prefix: str = "duelcast", mark: str = "a1") -> AsyncIterator[ValkeyLog]:
    log = ValkeyLog(url, prefix, mark)
    try:
        yield log
    finally:
        await log.close()


async def refusal(log: ValkeyLog) -> str:
    with pytest.raises(LogUnavailable) as refused:
        await log.append(LogEntry(EntryId(2, 0), b"second"), BEGINNING)
    return str(refused.value)


async def test_the_log_of_another_cluster_is_neither_read_nor_led(tmp_path: Path) -> None:
    async with valkey(tmp_path) as server, log_at(server.url) as ours, log_at(server.url, mark="b2") as theirs:
        await theirs.append(FIRST, BEGINNING)
        for use in (ours.top(), ours.read(BEGINNING, 0.01)):
            with pytest.raises(LogUnavailable, match="another cluster: set DUELCAST_BROKER_KEY_PREFIX"):
                await use
    async with valkey(tmp_path) as server, log_at(server.url) as ours, log_at(server.url, "other", "b2") as theirs:
        await theirs.append(FIRST, BEGINNING)
        assert await ours.top() == BEGINNING


async def test_a_key_that_another_program_uses_is_left_alone(tmp_path: Path) -> None:
    async with valkey(tmp_path) as server, log_at(server.url) as log:
        await log._writing.set("duelcast:log", "theirs")
        assert await refusal(log) == (
            "The key of the log has other data: another program uses this Valkey, so set another key prefix."
        )
        assert await log._writing.get("duelcast:log") == b"theirs"


async def test_a_server_that_may_evict_the_log_is_reported_until_it_may_not(tmp_path: Path) -> None:
    options = ("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
    async with valkey(tmp_path, *options) as server, log_at(server.url) as log:
        health = LogHealth(log, ManualClock())
        with structlog.testing.capture_logs() as lines:
            await health.look()
            await health.look()
        assert health.faults == ["Valkey may evict the log (maxmemory-policy allkeys-lru): set it to noeviction."]
        assert [line["reason"] for line in lines] == list(health.faults)
        await log._writing.config_set("maxmemory-policy", "noeviction")
        await health.look()
        assert health.faults == []


async def test_a_server_without_memory_is_reported_and_refuses_entries(tmp_path: Path) -> None:
    async with valkey(tmp_path, "--maxmemory", "1kb") as server, log_at(server.url) as log:
        assert await log.faults() == ["Valkey is nearly out of memory: raise maxmemory."]
        assert await refusal(log) == "Valkey is out of memory: raise maxmemory."


async def test_a_login_that_is_refused_is_reported(tmp_path: Path) -> None:
    async with valkey(tmp_path, "--requirepass", "right") as server:
        wrong = server.url.replace("redis://", "redis://:wrong@")
        async with log_at(wrong) as log:
            reason = await refusal(log)
            assert reason == "Valkey refuses the login: check the user and password in DUELCAST_BROKER_URL."
        async with log_at(server.url.replace("redis://", "redis://:right@")) as log:
            await log.append(FIRST, BEGINNING)
            assert await log.top() == FIRST.id


async def test_a_server_that_is_away_is_reported(tmp_path: Path) -> None:
    async with valkey(tmp_path) as server, log_at(server.url) as log:
        await server.kill()
        assert await refusal(log) == "Valkey cannot be reached."


async def test_a_server_that_hangs_is_reported_to_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey_log, "LONGEST_READ_S", 0.05)
    monkeypatch.setattr(valkey_log, "ANSWER_TIMEOUT_S", 0.5)
    async with valkey(tmp_path) as server, log_at(server.url) as log:
        await log.append(FIRST, BEGINNING)
        server.signal(signal.SIGSTOP)
        with pytest.raises(LogUnavailable, match="Valkey does not answer"):
            await log.read(FIRST.id, 60.0)
        server.signal(signal.SIGCONT)
        assert await log.read(BEGINNING, 60.0) == [FIRST]


async def test_the_primary_is_found_by_its_sentinels(tmp_path: Path) -> None:
    (tmp_path / "sentinel").mkdir()
    async with valkey(tmp_path) as primary:
        configuration = tmp_path / "sentinel" / "sentinel.conf"
        configuration.write_text(f"sentinel monitor contest 127.0.0.1 {primary.port} 1\n")
        async with sentinel(configuration) as port:
            async with log_at(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{port}/contest") as log:
                await log.append(FIRST, BEGINNING)
            async with log_at(f"redis+sentinel://127.0.0.1:{port}/unknown") as log:
                assert await refusal(log) == "Valkey cannot be reached."
        async with log_at(primary.url) as log:
            assert await log.top() == FIRST.id


@pytest.mark.parametrize("url", ["redis+sentinel://127.0.0.1:26379", "redis+sentinel:///contest", "redis://host:port"])
def test_an_address_that_cannot_be_understood_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        ValkeyLog(url)
