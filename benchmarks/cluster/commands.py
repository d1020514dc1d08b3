"""Measures what commands cost that a gateway forwards to the leader, and how many chat messages a cluster stores."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

import httpx
import msgspec

from benchmarks.cluster.nodes import Cluster, cluster, count_chat_messages, single
from benchmarks.measuring import Failed, Measurement, Serving, put, token_of, wallet_of
from benchmarks.rows import Row, Target, row
from benchmarks.works import Work
from duelcast.wire.timestamps import format_time

PATH = "/api/v69/ws/contest"
ROOMS = 100
MOST_TIMES_LOCAL = 3.0
IN_FLIGHT = 100
SENDERS = 1_000
LEAST_PER_S = 3_000.0
Requests = Callable[[Sequence[int], int], list[str]]
"""Makes the requests of a run from rooms and the number of the run."""
_runs: Iterator[int] = count(1)
"""Numbers for the ids of chat messages, because a repeated id is not stored again."""


def measure(rounds: int, seconds: float = 2.0, most: float = MOST_TIMES_LOCAL) -> list[Row]:
    """A command that reads and one that writes, each forwarded and in a single process, all with PostgreSQL.

    Raises `Failed`, also if an acknowledged message is not stored.
    """
    work = Work("commands", f"{IN_FLIGHT} in flight", IN_FLIGHT, mode="ping", seconds=seconds)
    rows = []
    with cluster(2, {}) as nodes, single({}, nodes.database) as alone:
        servings = (Serving(alone.ports, alone.pids, (nodes.postgres,)), nodes.serving)
        rooms = [open_rooms(one.ports[0]) for one in servings]
        for name, requests in (("contest state", states), ("chat message", chat_messages)):
            pairs = []
            for _ in range(rounds):
                local, forwarded = (
                    _put(work, serving, its_rooms, requests) for serving, its_rooms in zip(servings, rooms, strict=True)
                )
                pairs.append((local, forwarded))
            rows += _rows(name, pairs, most)
        asked = sum(forwarded.asked for _, forwarded in pairs)
        expect_stored(nodes, asked)
    return rows


def measure_chat(rounds: int, seconds: float = 4.0) -> list[Row]:
    """Senders in rooms of ten send the next message when the last one is acknowledged, through two gateways.

    Raises `Failed`, also if an acknowledged message is not stored.
    """
    work = Work("chat", f"{SENDERS:,} senders", SENDERS, mode="ping", seconds=seconds, warmup_s=1.0)
    with cluster(2, {}, is_pinned=False) as nodes:
        rooms = open_rooms(nodes.gateway_ports[0])
        found = [_put(work, nodes.serving, rooms, chat_messages, dozes=True) for _ in range(rounds)]
        expect_stored(nodes, sum(one.asked for one in found))
    name = f"chat of {SENDERS:,} senders, two gateways"
    parts = {"both gateways": [one.cpu_us for one in found]}
    parts |= {part: [beside_us(one, number) for one in found] for number, part in enumerate(BESIDE)}
    target = Target("least", LEAST_PER_S)
    return [
        row(f"{name}: acknowledged", "1/s", [one.per_second for one in found], target),
        *(row(f"{name}: {part}, CPU each", "µs", values) for part, values in parts.items()),
    ]


BESIDE = ("leader", "PostgreSQL", "Valkey")
"""The processes beside the gateways, in their order in measurements."""


def forwarded_us(measured: Measurement) -> float:
    """The CPU of gateways and leader together for each command."""
    return measured.cpu_us + beside_us(measured, 0)


def beside_us(measured: Measurement, number: int) -> float:
    """The CPU of a process beside the measured ones for each command."""
    return measured.beside_cpu_s[number] / max(1, measured.messages) * 1e6


def states(rooms: Sequence[int], _run: int) -> list[str]:
    """Requests for the state of contests, one per room."""
    return [f'{{"type":"get_contest_state","contestId":{room},"requestId":"$"}}' for room in rooms]


def chat_messages(rooms: Sequence[int], run: int) -> list[str]:
    """Chat messages whose ids differ from those of other runs, one per room."""
    sent = f'"text":"message $","messageId":"{run:08x}-0000-4000-8000-$","requestId":"$"'
    return [f'{{"type":"send_chat_message","contestId":{room},{sent}}}' for room in rooms]


def open_rooms(port: int) -> list[int]:
    """Create contests; returns their ids. Raises `Failed`."""
    return asyncio.run(_open_rooms(port))


async def _open_rooms(port: int) -> list[int]:
    headers = {"Authorization": f"Bearer {token_of(wallet_of(SENDERS), 'admin')}"}
    now_s = time.time()
    times = {"start_time": format_time(now_s + 3_600), "end_time": format_time(now_s + 7_200)}
    ids = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v69", headers=headers, timeout=30) as http:
        for number in range(ROOMS):
            answer = await http.post("/contests", json={"name": f"Benchmark {number}", "starting_balance": 1, **times})
            if not answer.is_success:
                raise Failed(f"/contests: {answer.status_code} {answer.text}")
            ids.append(int(msgspec.json.decode(answer.content)["id"]))
    return ids


def expect_stored(nodes: Cluster, sent: int) -> None:
    """Raises `Failed` if not exactly so many chat messages are stored."""
    stored = asyncio.run(count_chat_messages(nodes.database))
    if stored != sent:
        raise Failed(f"{sent} chat messages were sent, and {stored} are stored")


def _put(work: Work, serving: Serving, rooms: Sequence[int], requests: Requests, *, dozes: bool = False) -> Measurement:
    lines: Mapping[str, Sequence[str]] = {
        "tokens": [token_of(wallet_of(number)) for number in range(work.connections)],
        "subscriptions": [f'{{"type":"join_contest_room","contestId":{room}}}' for room in rooms],
        "requests": requests(rooms, next(_runs)),
    }
    measured = put(work, PATH, serving, lines, dozes=dozes)
    if measured.faults:
        raise Failed(f"{work.name}: {measured.faults}")
    return measured


def _rows(name: str, pairs: Sequence[tuple[Measurement, Measurement]], most: float) -> list[Row]:
    name = f"{name}, {IN_FLIGHT} in flight"
    ratios = [forwarded_us(forwarded) / local.cpu_us for local, forwarded in pairs]
    return [
        row(f"{name}: single process, CPU", "µs", [local.cpu_us for local, _ in pairs]),
        row(f"{name}: its PostgreSQL", "µs", [beside_us(local, 0) for local, _ in pairs]),
        row(f"{name}: gateways", "µs", [forwarded.cpu_us for _, forwarded in pairs]),
        *(
            row(f"{name}: {part}", "µs", [beside_us(forwarded, number) for _, forwarded in pairs])
            for number, part in enumerate(BESIDE)
        ),
        row(f"{name}: forwarded × single process", "×", ratios, Target("most", most, decides=True)),
    ]
