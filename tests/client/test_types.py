"""Wrong commands, members and channels do not pass a type checker, and right ones do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROGRAM = """
from typing import Any, Literal, assert_type, cast

from duelcast.client import Channel, Client, Endpoint, EndpointName, Message, Stored, Stream, channels
from duelcast.client.generated.circuit_breaker import ServiceAlert, ServicesState, ServiceUpdate
from duelcast.client.generated.contest import (
    ChatMessage, ChatMessageDeleted, GetLeaderboard, LeaderboardUpdate, Ping, Pong, SendChatMessage
)
from duelcast.client.generated.market_data import MarketPrice, MarketSentiment, MarketVolume, SubscribeSymbols
from duelcast.client.generated.records import ChatMessageRecord, Leaderboard, Price


async def use(client: Client, name: str, names: list[str]) -> None:
{body}
"""

RIGHT = """
    assert_type(await client.contest.request(GetLeaderboard(contestId=2)), LeaderboardUpdate)
    assert_type(client.contest, Endpoint[Literal["contest"]])
    assert_type(client.endpoint("contest"), Endpoint[Literal["contest"]])
    for endpoint in (client.contest, client.endpoint(cast("EndpointName", name))):
        assert_type(await endpoint.request(Ping()), Pong)
    await client.market_data.request(SubscribeSymbols(symbols=["SOL"]))
    await client.token_data.request(SubscribeSymbols(symbols=["SOL"]))

    assert_type(client.circuit_breaker.follow(channels.ALERTS, maxsize=10), Stream[ServiceAlert])
    assert_type(client.circuit_breaker.follow(channels.service("cache")), Stream[ServiceUpdate])
    assert_type(client.circuit_breaker.follow(channels.SERVICES), Stream[ServiceUpdate | ServicesState])
    assert_type(client.contest.follow(channels.chat(2), channels.chat(3)), Stream[ChatMessage | ChatMessageDeleted])
    for symbols in (client.market_data, client.token_data):
        assert_type(
            await anext(symbols.follow(channels.market("SOL"))), MarketPrice | MarketVolume | MarketSentiment
        )
    several: Stream[Message] = client.contest.follow(channels.chat(2), channels.leaderboard(2))
    every: Stream[Message] = client.contest.follow(channels.chat(2))
    assert_type(client.contest.follow(*map(Channel, names)), Stream[Any])
    assert_type(client.contest.follow(), Stream[Message])

    assert_type(await anext(client.market("SOL", "BTC")), Price)
    assert_type(await anext(client.leaderboard(2)), Leaderboard)
    assert_type(await client.track("opened", {"symbol": "SOL"}), Stored)
    async with client.room(2) as room:
        assert_type(await room.send("gg", timeout=None), ChatMessageRecord)
        async for message in room.chat(maxsize=10):
            assert_type(message.text, str)
"""

WRONG = {
    "await client.contest.request(GetLeaderboard(contest=2))": "call-arg",
    "await client.contest.request(GetLeaderboard(contestId=[2]))": "arg-type",
    'await client.contest.request({"type": "get_leaderboard", "contestId": 2})': "arg-type",
    "await client.contest.request(SendChatMessage(contestId=2))": "call-arg",
    "(await client.contest.request(GetLeaderboard(contestId=2))).entries": "attr-defined",
    "await client.notifications.request(GetLeaderboard(contestId=2))": "arg-type",
    "await client.contest.request(SubscribeSymbols(symbols=['SOL']))": "arg-type",
    "await client.endpoint('monitor').request(GetLeaderboard(contestId=2))": "arg-type",
    "client.endpoint('contests')": "type-var",
    "client.endpoint(name)": "type-var",
    "client.contest.follow(channels.ALERTS)": "arg-type",
    "client.contest.follow(channels.market('SOL'))": "arg-type",
    "client.contest.follow(channels.chat(2), channels.market('SOL'))": "arg-type",
    "client.contest.follow('chat.2')": "call-overload",
    "channels.chat('2')": "arg-type",
    "channels.participant('wallet')": "call-arg",
    "channels.market(7)": "arg-type",
    "channels.chats(2)": "attr-defined",
    "(await anext(client.monitor.follow(channels.SYSTEM_ERRORS))).alert": "attr-defined",
    "(await anext(client.contest.follow(channels.chat(2)))).data": "union-attr",
    "(await anext(client.market('SOL'))).prize": "attr-defined",
    "client.market(7)": "arg-type",
    "client.leaderboard('2')": "arg-type",
    "client.contests.request(GetLeaderboard(contestId=2))": "attr-defined",
    "client.room(2).chat(max_size=3)": "call-arg",
    "client.track('opened', 'SOL')": "arg-type",
    "Client('http://127.0.0.1', token=7)": "arg-type",
}


def test_right_programs_pass_and_wrong_ones_do_not(tmp_path: Path) -> None:
    programs = {"right": (RIGHT, None)} | {
        f"wrong_{number}": (f"    {line}", code) for number, (line, code) in enumerate(WRONG.items())
    }
    for name, (body, _) in programs.items():
        (tmp_path / f"{name}.py").write_text(PROGRAM.format(body=body))
    checked = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            ROOT / "pyproject.toml",
            "--cache-dir",
            tmp_path,
            *programs_in(tmp_path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in checked.stdout.splitlines() if ": error:" in line]
    for name, (body, code) in programs.items():
        found = [line for line in errors if f"{name}.py" in line]
        assert bool(found) == (code is not None), (body, checked.stdout)
        assert all(f"[{code}]" in line for line in found), (body, found)


def programs_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.py"))
