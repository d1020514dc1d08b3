"""The targets of our server: for each figure of a run, what is promised and what CI insists on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.report import Figures
from benchmarks.servers import DUELCAST, EPOLL, EPOLL_JOINED, NODE, NODE_DEFLATE


class Unknown(Exception):
    """A figure that a target needs was not measured in this run."""


@dataclass(frozen=True)
class Target:
    """`figure` computes a value from a run's figures; `promised` is the maximum that it may have.

    `guarded` is the maximum in CI, where runs are short and the machine is shared. It may be higher, but is low enough
    to notice that a cost has doubled. If it is None, CI does not check the value.
    """

    title: str
    keys: frozenset[str]
    """The keys of the works that it compares."""
    figure: Callable[[Sequence[Figures]], float]
    promised: float
    guarded: float | None = None
    beside: str = EPOLL.name
    """The server that ours is compared with."""
    elsewhere: float | None = None
    """The value, if more than promised, on a machine whose kernel needs 2.4 to 3 µs per send instead of 5 to 7."""

    def value(self, figures: Sequence[Figures]) -> float | None:
        """The value, None if it was not measured."""
        try:
            return self.figure(figures)
        except Unknown:
            return None


def find(figures: Sequence[Figures], key: str, connections: int, server: str = DUELCAST.name) -> Figures:
    """The figures of `server` for one work. Raises `Unknown`."""
    for one in figures:
        if (one.key, one.connections, one.server) == (key, connections, server):
            return one
    raise Unknown(f"{key} @ {connections} of {server}")


def _ratio(key: str, connections: int) -> Callable[[Sequence[Figures]], float]:
    def ratio(figures: Sequence[Figures]) -> float:
        value = find(figures, key, connections).ratio
        if value is None:
            raise Unknown(key)
        return value

    return ratio


def _ratio_to_joined(key: str) -> Callable[[Sequence[Figures]], float]:
    """CPU per message of our server, divided by that of the C server that joins its writes too."""

    def ratio(figures: Sequence[Figures]) -> float:
        joined = find(figures, key, 1_000, EPOLL_JOINED.name).value
        if not joined:
            raise Unknown(key)
        return find(figures, key, 1_000).value / joined

    return ratio


def _p99_ratio(figures: Sequence[Figures]) -> float:
    value = find(figures, "p", 1_000).p99_ratio
    if value is None:
        raise Unknown("p")
    return value


def _slowness_of_connects(figures: Sequence[Figures]) -> float:
    """CPU per connect of our server, divided by that of Node."""
    value = find(figures, "e", 64).ratio_to_node
    if value is None:
        raise Unknown("e")
    return value


def _wire(key: str) -> Callable[[Sequence[Figures]], float]:
    """Bytes on the wire per byte of a message."""
    return lambda figures: find(figures, key, 1_000).wire_share


def _cpu_of_compression(figures: Sequence[Figures]) -> float:
    return find(figures, "j", 1_000).value / find(figures, "j0", 1_000).value


def _cpu_to_node(figures: Sequence[Figures]) -> float:
    return find(figures, "j", 1_000).value / find(figures, "j", 1_000, NODE_DEFLATE.name).value


def _memory_of_compression(figures: Sequence[Figures]) -> float:
    return (find(figures, "j", 1_000).memory_bytes - find(figures, "j0", 1_000).memory_bytes) / 1000


def _growth_from(connections: int) -> Callable[[Sequence[Figures]], float]:
    """The growth of our CPU per message up to 5,000 connections, divided by the growth of the C server's."""

    def growth(figures: Sequence[Figures]) -> float:
        return _ratio("a", 5_000)(figures) / _ratio("a", connections)(figures)

    return growth


def _symbol_growth(figures: Sequence[Figures]) -> float:
    return _ratio("h1000", 1_000)(figures) / _ratio("h10", 1_000)(figures)


def _growth_of_memory(figures: Sequence[Figures]) -> float:
    return find(figures, "g", 1_000).memory_growth_bytes / 1e6


def _stalled(connections: int) -> Callable[[Sequence[Figures]], float]:
    def slowed(figures: Sequence[Figures]) -> float:
        value = find(figures, "g", connections).p99_to_unstalled
        if value is None:
            raise Unknown("g")
        return value

    return slowed


def _joined(key: str, promised: float) -> Target:
    """A comparison with the C server that joins its writes, as ours does.

    A write of many messages costs mostly memory accesses, a write of one message mostly a system call. Machines differ
    in both, so only a comparison of servers that write alike gives a guard that suits every machine.
    """
    title = f"({key}) 1,000 connections: CPU per message, × C with joined writes"
    return Target(title, frozenset(key), _ratio_to_joined(key), promised, 1.9 * promised, EPOLL_JOINED.name)


TARGETS = [
    Target("(a) 1,000 connections: CPU per message, × C", frozenset("a"), _ratio("a", 1_000), 0.85, 1.6),
    Target("(b) 1,000 connections: CPU per message, × C", frozenset("b"), _ratio("b", 1_000), 0.07, elsewhere=0.26),
    _joined("b", 1.5),
    Target(
        "(c) 1,000 connections: CPU per message, × C", frozenset("c"), _ratio("c", 1_000), 0.65, 1.7, elsewhere=1.15
    ),
    _joined("c", 1.25),
    Target("(i) 1,000 connections: CPU per message, × C", frozenset("i"), _ratio("i", 1_000), 0.06, elsewhere=0.26),
    _joined("i", 1.5),
    Target("(d) 1,000 connections: CPU per request, × C", frozenset("d"), _ratio("d", 1_000), 1.5, 3.4, elsewhere=2.43),
    Target("(d+) 1,000 connections: CPU per request, × C", frozenset({"d+"}), _ratio("d+", 1_000), 2.2),
    Target(
        "(e) CPU per connect, × Node ws", frozenset("e"), _slowness_of_connects, 1 / 0.9, 3.2, NODE.name, elsewhere=2.4
    ),
    Target(
        "(f) KB per idle connection at 10,000",
        frozenset("f"),
        lambda figures: find(figures, "f", 10_000).value,
        9.0,
        12.0,
    ),
    Target("(g) p99 with stalled readers, × without", frozenset({"g0", "g"}), _stalled(1_000), 1.25),
    Target("(g) growth of memory in the window, MB", frozenset({"g0", "g"}), _growth_of_memory, 1.0),
    Target("(h) growth from 100 to 5,000 connections, × that of C", frozenset("a"), _growth_from(100), 1.25),
    Target("(h) growth from 1,000 to 5,000 connections, × that of C", frozenset("a"), _growth_from(1_000), 1.25),
    Target("(h) growth from 10 to 1,000 symbols, × that of C", frozenset({"h10", "h1000"}), _symbol_growth, 1.25),
    Target("(j) bytes on the wire, × uncompressed", frozenset("j"), _wire("j"), 1 / 5, 1 / 4, DUELCAST.name),
    Target("(j) the same with random prices", frozenset({"jr"}), _wire("jr"), 1 / 3),
    Target("(j) the same with a command per client and second", frozenset({"jc"}), _wire("jc"), 1 / 3.5),
    Target("(j) CPU per message, × uncompressed", frozenset({"j0", "j"}), _cpu_of_compression, 1.15),
    Target("(j) CPU per message, × Node ws with deflate", frozenset("j"), _cpu_to_node, 0.1),
    Target("(j) memory per connection, KB more", frozenset({"j0", "j"}), _memory_of_compression, 1.0),
    Target("(k) seconds until 5,000 are live", frozenset("k"), lambda figures: find(figures, "k", 5_000).value, 2.5),
    Target("paced: p99, × C", frozenset("p"), _p99_ratio, 1.5),
]


def missed(figures: Sequence[Figures], *, guarded: bool) -> list[Target]:
    """The targets whose value was measured and is higher than promised or, with `guarded`, higher than their guard."""
    found = []
    for target in TARGETS:
        most = target.guarded if guarded else target.promised
        value = target.value(figures)
        if most is not None and value is not None and value > most:
            found.append(target)
    return found
