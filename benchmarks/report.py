"""Turns measurements into figures (medians, spread, ratios to the C server in the same round), and prints a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

import msgspec

from benchmarks.measuring import Measurement
from benchmarks.servers import EPOLL, NODE
from benchmarks.works import Work

CLIENT_IS_BUSY = 0.9
"""If the load client uses more than this share of its core, it may be the bottleneck."""


class Figures(msgspec.Struct, frozen=True):
    """The figures of one server for one work. Over the rounds, `value` is the median, in `unit`; `low` and `high` are
    the minimum and the maximum.

    `ratio` is this server's value divided by the C server's: the median over the rounds, or None if the C server was
    not measured with this work.
    """

    work: str
    key: str
    connections: int
    title: str
    server: str
    unit: str
    value: float
    low: float
    high: float
    ratio: float | None
    p50_ms: float
    p99_ms: float
    client_busy: float
    server_busy: float
    gaps: int
    faults: dict[str, int]
    rounds: int
    memory_growth_bytes: float = 0.0
    p99_ratio: float | None = None
    p99_to_unstalled: float | None = None
    """With stalled readers: the p99 of the others, divided by the p99 without stalled ones; median over the rounds."""
    per_second: float = 0.0
    wire_share: float = 0.0
    """Bytes on the wire per byte of a message."""
    opening_cpu_us: float = 0.0
    """CPU of the server per connection until all connections were ready."""
    memory_bytes: float = 0.0
    """Memory per connection at the end of the window."""
    ratio_to_node: float | None = None
    """For connects: this server's value divided by that of Node `ws`; median over the rounds."""
    unchecked: int = 0
    """Rounds without a moment of rest, in which the newest messages could not be checked."""


def unit_of(work: Work) -> str:
    if work.mode == "idle":
        return "KB per connection"
    if work.mode == "reconnect":
        return "s until all are live"
    if work.mode == "connect":
        return "µs CPU per connect"
    return "µs CPU per request" if work.mode == "ping" else "µs CPU per message"


def _value(work: Work, measurement: Measurement) -> float:
    if work.mode == "reconnect":
        return measurement.opening_s
    return measurement.idle_bytes / 1000 if work.mode == "idle" else measurement.cpu_us


def summarise(work: Work, rounds: Sequence[dict[str, Measurement]]) -> list[Figures]:
    """The figures of each server that was measured; each round holds one measurement per server."""
    names = list(dict.fromkeys(name for one in rounds for name in one))
    return [_figures(work, name, [one for one in rounds if name in one]) for name in names]


def _figures(work: Work, name: str, rounds: Sequence[dict[str, Measurement]]) -> Figures:
    own = [one[name] for one in rounds]
    values = [_value(work, measurement) for measurement in own]
    pairs = [(one[name], one[EPOLL.name]) for one in rounds if EPOLL.name in one]
    beside_node = [(one[name], one[NODE.name]) for one in rounds if NODE.name in one] if work.mode == "connect" else []
    faults: dict[str, int] = {}
    for measurement in own:
        for fault, count in measurement.faults.items():
            faults[fault] = faults.get(fault, 0) + count
    return Figures(
        work=work.name,
        key=work.key,
        connections=work.connections,
        title=work.title,
        server=name,
        unit=unit_of(work),
        value=median(values),
        low=min(values),
        high=max(values),
        ratio=_median(_value(work, mine) / _value(work, limit) for mine, limit in pairs if _value(work, limit) > 0),
        p50_ms=median(measurement.p50_ms for measurement in own),
        p99_ms=median(measurement.p99_ms for measurement in own),
        p99_ratio=_median(mine.p99_ms / limit.p99_ms for mine, limit in pairs if limit.p99_ms > 0),
        client_busy=median(measurement.busy_s / measurement.seconds for measurement in own),
        server_busy=median(measurement.server_cpu_s / measurement.seconds for measurement in own),
        per_second=median(measurement.per_second for measurement in own),
        gaps=sum(measurement.gaps for measurement in own),
        wire_share=median(measurement.wire_share for measurement in own),
        opening_cpu_us=median(measurement.opening_cpu_us for measurement in own),
        memory_bytes=median(measurement.idle_bytes for measurement in own),
        faults=faults,
        rounds=len(own),
        ratio_to_node=_median(_value(work, mine) / _value(work, node) for mine, node in beside_node),
        unchecked=sum(not measurement.settled for measurement in own),
        memory_growth_bytes=median(measurement.memory_end - measurement.memory_begin for measurement in own),
    )


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return median(known) if known else None


def print_table(figures: Sequence[Figures]) -> None:
    """Print one table, with a section per work."""
    print(_ROW.format("", "median", "min", "max", "x C", "p50 ms", "p99 ms", "server", "client", "wire", "gaps"))
    before = None
    for one in figures:
        if one.work != before:
            print(f"\n{one.work}: {one.title}, {one.unit}")
            before = one.work
        print(_row(one))
        if one.key == "k":
            print(f"      CPU per connection: {one.opening_cpu_us:.0f} µs")
        if one.faults:
            print(f"      {one.faults}")
        if one.unchecked:
            print(f"      newest messages not checked in {one.unchecked} of {one.rounds} rounds: no moment of rest")


_ROW = "  {:<24}{:>9}{:>9}{:>9}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}"


def _row(one: Figures) -> str:
    has_latency = one.p99_ms > 0
    return _ROW.format(
        one.server,
        *(f"{value:.2f}" for value in (one.value, one.low, one.high)),
        "" if one.ratio is None else f"{one.ratio:.2f}",
        f"{one.p50_ms:.1f}" if has_latency else "",
        f"{one.p99_ms:.1f}" if has_latency else "",
        f"{one.server_busy:.0%}",
        f"{one.client_busy:.0%}" + ("!" if one.client_busy > CLIENT_IS_BUSY else ""),
        f"{one.wire_share:.3f}" if one.wire_share else "",
        one.gaps or "",
    )
