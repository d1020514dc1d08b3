"""Measures what it costs gateways to deliver prices, and how late these are, compared with the single process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.cluster.nodes import cluster, single
from benchmarks.measuring import Failed, Measurement, Serving, max_connections, put, subscribing
from benchmarks.rows import Row, Target, row
from benchmarks.servers import DUELCAST, feed_of
from benchmarks.works import Work, one_symbol, paced

MOST_TIMES_SINGLE = 1.1
LEAST_LINEAR = 0.9
MOST_GROWTH = 1.2
MOST_LATER_MS = 15.0
CONNECTIONS_OF_A_GATEWAY = 250
FEW_READERS = 100
MANY_READERS = 10_000
TRIES = 3
AFTERWARDS_S = 2.0
"""How long the leader may take to notice that the connections of a round have ended."""


def measure(work: Work, rounds: int, most: float = MOST_TIMES_SINGLE) -> list[Row]:
    """A gateway and the single process in turn, with the same connections. Raises `Failed`."""
    pairs = _beside_single(work, rounds)
    gateways = [gateway for _, gateway in pairs]
    name = f"({work.key}) {work.connections:,} connections"
    ratios = [gateway.cpu_us / alone.cpu_us for alone, gateway in pairs]
    return [
        row(f"{name}: single process, CPU per message", "µs", [alone.cpu_us for alone, _ in pairs]),
        row(f"{name}: gateway, CPU per message", "µs", [one.cpu_us for one in gateways]),
        row(f"{name}: gateway × single process", "×", ratios, Target("most", most, decides=True)),
        row(f"{name}: leader beside it", "% of a core", [core_percent(one, 0) for one in gateways]),
        row(f"{name}: Valkey beside it", "% of a core", [core_percent(one, 2) for one in gateways]),
    ]


def measure_latency(connections: int, rounds: int) -> list[Row]:
    """The p99 of prices through a gateway and from the single process, in turn. Raises `Failed`."""
    pairs = _beside_single(paced(connections), rounds)
    name = f"price at 20 ticks/s, {connections:,} connections"
    later_ms = [gateway.p99_ms - alone.p99_ms for alone, gateway in pairs]
    return [
        row(f"{name}: single process, p99", "ms", [alone.p99_ms for alone, _ in pairs]),
        row(f"{name}: gateway, p50", "ms", [gateway.p50_ms for _, gateway in pairs]),
        row(f"{name}: gateway, p99", "ms", [gateway.p99_ms for _, gateway in pairs]),
        row(f"{name}: p99 later by", "ms", later_ms, Target("most", MOST_LATER_MS)),
    ]


def measure_growth(sizes: Sequence[int], rounds: int, least: float = LEAST_LINEAR) -> list[Row]:
    """Clusters with each of these numbers of gateways, with as many connections on each gateway. Raises `Failed`."""
    found: dict[int, list[Measurement]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            work = one_symbol(CONNECTIONS_OF_A_GATEWAY)
            with cluster(size, {"DUELCAST_FEED": feed_of(work)}) as nodes:
                found[size].append(put_checked(replace(work, connections=work.connections * size), nodes.serving))
    name = f"{CONNECTIONS_OF_A_GATEWAY} connections per gateway"
    rows = []
    for size, measured in found.items():
        rows += [
            row(f"{name}, {size}: gateways, CPU per message", "µs", [one.cpu_us for one in measured]),
            row(f"{name}, {size}: leader", "% of a core", [core_percent(one, 0) for one in measured]),
            row(f"{name}, {size}: Valkey", "% of a core", [core_percent(one, 2) for one in measured]),
        ]
    few, many = min(sizes), max(sizes)
    ratios = [of_few.cpu_us / of_many.cpu_us for of_few, of_many in zip(found[few], found[many], strict=True)]
    return [*rows, row(f"{name}: CPU at {few} / at {many}", "×", ratios, Target("least", least, decides=True))]


def measure_readers(rounds: int, many: int = MANY_READERS, most: float = MOST_GROWTH) -> list[Row]:
    """The CPU of the leader with few and with many connections that only read, over two gateways. Raises `Failed`."""
    many = min(many, max_connections())
    work = Work("r", "one of 500 symbols each", 0, symbols=500, due=50, interval_ms=50, follow=1, seconds=4.0)
    found: dict[int, list[float]] = {FEW_READERS: [], many: []}
    with cluster(2, {"DUELCAST_FEED": feed_of(work)}) as nodes:
        leader = Serving(nodes.gateway_ports, [nodes.leader])
        for _ in range(rounds):
            for connections, percents in found.items():
                measured = put_checked(replace(work, connections=connections, warmup_s=AFTERWARDS_S), leader)
                percents.append(measured.server_cpu_s / measured.seconds * 100)
                time.sleep(AFTERWARDS_S)
    ratios = [of_many / of_few for of_few, of_many in zip(found[FEW_READERS], found[many], strict=True)]
    return [
        *(row(f"leader, 1,000 prices/s, {number:,} readers", "% of a core", found[number]) for number in found),
        row(f"leader: {many:,} readers × {FEW_READERS}", "×", ratios, Target("most", most, decides=True)),
    ]


def core_percent(measured: Measurement, beside: int) -> float:
    """The CPU of a process beside the gateways (0 is the leader, 1 PostgreSQL, 2 Valkey) in percent of a core."""
    return measured.beside_cpu_s[beside] / measured.seconds * 100


def put_checked(work: Work, serving: Serving) -> Measurement:
    """Put a load of prices on running servers.

    Raises `Failed`, also if messages were damaged, or if connections lacked the newest message in each of `TRIES`
    tries: one try proves little, because other processes may hold up a server in the middle of a flush.
    """
    for _ in range(TRIES):
        measured = put(work, DUELCAST.path, serving, {"subscriptions": subscribing(work)})
        if measured.faults.keys() != {"behind"}:
            break
    if measured.faults:
        raise Failed(f"{work.name}: {measured.faults}")
    return measured


def _beside_single(work: Work, rounds: int) -> list[tuple[Measurement, Measurement]]:
    """In each round, the single process and a gateway, in turn. Both run all the time."""
    feed = {"DUELCAST_FEED": feed_of(work)}
    with cluster(1, feed) as nodes, single(feed) as alone:
        return [(put_checked(work, alone), put_checked(work, nodes.serving)) for _ in range(rounds)]
