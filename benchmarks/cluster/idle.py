"""Measures the memory of gateways: for each idle connection, and for the copy of the channels."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.cluster.nodes import cluster, single
from benchmarks.measuring import Failed, Measurement, Serving, max_connections, put, resident_bytes
from benchmarks.rows import Row, Target, row
from benchmarks.servers import DUELCAST, feed_of
from benchmarks.works import IDLE, Work

GATEWAYS = 4
MOST_TIMES_SINGLE = 1.0
SYMBOLS = 5_000
EMPTY = Work("empty", "no symbols have a price", 0)
FILLED = Work("filled", "all symbols have prices", 0, symbols=SYMBOLS, due=500)


def measure(rounds: int, most: float = MOST_TIMES_SINGLE) -> list[Row]:
    """New processes in each round, because a process that has had connections keeps some of their memory.

    Raises `Failed`.
    """
    connections = min(IDLE.connections, max_connections())
    work = replace(IDLE, connections=connections)
    pairs = []
    for _ in range(rounds):
        with single({}) as alone:
            of_single = _put(work, alone)
        with cluster(GATEWAYS, {}) as nodes:
            pairs.append((of_single, _put(work, nodes.serving)))
    name = f"{connections:,} idle connections"
    ratios = [spread.idle_bytes / together.idle_bytes for together, spread in pairs]
    return [
        row(f"{name}: single process, each", "KB", [together.idle_bytes / 1000 for together, _ in pairs]),
        row(f"{name}: {GATEWAYS} gateways, each", "KB", [spread.idle_bytes / 1000 for _, spread in pairs]),
        row(f"{name}: gateways × single process", "×", ratios, Target("most", most, decides=True)),
        row(f"{name}: the leader", "% of a core", [one.beside_cpu_s[0] / one.seconds * 100 for _, one in pairs]),
    ]


def measure_copy(rounds: int) -> list[Row]:
    """The memory of a gateway without connections. Raises `Failed`."""
    empty, filled = ([_gateway_bytes(work) / 1e6 for _ in range(rounds)] for work in (EMPTY, FILLED))
    return [
        row("a gateway without connections and prices", "MB", empty),
        row(f"a gateway without connections, {SYMBOLS:,} symbols", "MB", filled),
        row("the copy of the channels", "MB", [full - none for none, full in zip(empty, filled, strict=True)]),
    ]


def _gateway_bytes(work: Work) -> float:
    with cluster(1, {"DUELCAST_FEED": feed_of(work)}) as nodes:
        return resident_bytes(nodes.gateways[0])


def _put(work: Work, serving: Serving) -> Measurement:
    measured = put(work, DUELCAST.path, serving, {})
    if measured.faults:
        raise Failed(f"{work.name}: {measured.faults}")
    return measured
