"""`make bench`: compares our server with its peers and with a bare C server, the physical limit, in one run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.chart import draw
from benchmarks.measuring import Failed, Measurement, cores, max_connections, measure
from benchmarks.programs import ROOT, NoCompiler
from benchmarks.report import Figures, print_table, summarise
from benchmarks.servers import DUELCAST, DUELCAST_EACH_TURN, EPOLL, EPOLL_JOINED, LIMITS_OFF, NODE, PEERS, Server
from benchmarks.targets import TARGETS, missed
from benchmarks.works import Work, full, quick

Rounds = list[dict[str, Measurement]]


def main() -> int:
    """Return the exit code: 1 if our server or the C server could not be measured, if our server had faults, or (with
    --quick) if a guard does not hold.

    Without a C compiler nothing is measured; that is reported, and is not a failure.
    """
    arguments = _arguments()
    groups = _chosen(quick() if arguments.quick else full(), arguments)
    if arguments.quick:
        wanted = [EPOLL, EPOLL_JOINED, DUELCAST, replace(NODE, only=frozenset("e"))]
    else:
        wanted = [EPOLL, EPOLL_JOINED, DUELCAST, DUELCAST_EACH_TURN, *([] if arguments.without_peers else PEERS)]
    _say_how()
    try:
        servers = _present(wanted)
        figures = [one for group in groups for one in _measure_group(group, servers)]
        if arguments.quick:
            figures = _measured_again(figures, groups, servers)
    except NoCompiler as reason:
        print(f"nothing measured: {reason}")
        return 0
    except Failed:
        return 1
    print_table(figures)
    works = {work.key for group in groups for work in group}
    kept = judge(figures, guarded=arguments.quick, works=works, servers={one.name for one in servers})
    arguments.reports.mkdir(parents=True, exist_ok=True)
    (arguments.reports / "benchmark.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1))
    draw(figures, arguments.reports / "benchmark.svg")
    print(f"written: {arguments.reports}/benchmark.json, benchmark.svg")
    return 0 if kept else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few works, judged by guards")
    parser.add_argument("--without-peers", action="store_true", help="only our server and the C server")
    parser.add_argument("--only", help="only works with these keys, such as a,b,d")
    parser.add_argument("--connections", type=int, help="only works with this number of connections")
    parser.add_argument("--rounds", type=int, help="number of rounds (default: that of each work)")
    parser.add_argument("--reports", type=Path, default=ROOT / "reports", help="folder for the JSON file and the chart")
    return parser.parse_args()


def _chosen(groups: list[list[Work]], arguments: argparse.Namespace) -> list[list[Work]]:
    """The groups, without the works that were not asked for or that `ulimit -n` does not allow."""
    keys = None if arguments.only is None else arguments.only.split(",")
    connections, rounds = arguments.connections, arguments.rounds
    chosen = []
    for group in groups:
        works = [work for work in group if keys is None or work.key in keys]
        works = [work for work in works if connections is None or work.connections == connections]
        for work in works:
            if work.connections > max_connections():
                print(f"left out: {work.name}: `ulimit -n` allows {max_connections():,} connections")
        allowed = [work for work in works if work.connections <= max_connections()]
        chosen.append([work if rounds is None else replace(work, rounds=rounds) for work in allowed])
    return chosen


def _present(servers: Sequence[Server]) -> list[Server]:
    present = []
    for server in servers:
        reason = server.missing()
        if reason is None:
            present.append(server)
        else:
            print(f"left out: {server.name}: {reason}")
    return present


def _say_how() -> None:
    server_core, load_core = cores()
    settings = " ".join(f"{name}={value}" for name, value in LIMITS_OFF.items())
    print(f"servers on core {server_core}, load client on core {load_core}")
    print(f"duelcast serve with {settings}, and a simulated feed of unconflated prices")


def _measure_group(group: Sequence[Work], servers: Sequence[Server]) -> list[Figures]:
    """Measure the works of a group in turn, round by round, so that disturbances of the machine affect all alike."""
    measured: dict[Work, Rounds] = {work: [] for work in group}
    for number in range(max((work.rounds for work in group), default=0)):
        for work in group:
            measured[work].append(_measure_round(work, servers))
        print(f"  round {number + 1}: {', '.join(work.name for work in group)}", file=sys.stderr)
    figures = [one for work, rounds in measured.items() for one in summarise(work, rounds)]
    unstalled = next((work for work in group if work.key == "g0"), None)
    return [
        msgspec.structs.replace(one, p99_to_unstalled=_slowed(measured, unstalled, one.server))
        if unstalled is not None and one.key == "g"
        else one
        for one in figures
    ]


def _measured_again(
    figures: list[Figures], groups: Sequence[Sequence[Work]], servers: Sequence[Server]
) -> list[Figures]:
    """The figures to judge: works that miss a guard are measured again, because the machine may have been busy."""
    if _broken(figures):
        return figures
    doubtful = {key for target in missed(figures, guarded=True) for key in target.keys}
    again = [group for group in groups if any(work.key in doubtful for work in group)]
    if not again:
        return figures
    print(f"measured again: {', '.join(work.name for group in again for work in group)}")
    anew = [one for group in again for one in _measure_group(group, servers)]
    return [one for one in figures if one.key not in doubtful] + anew


def _measure_round(work: Work, servers: Sequence[Server]) -> dict[str, Measurement]:
    measured = {}
    for server in servers:
        if not server.takes_part(work):
            continue
        try:
            measured[server.name] = measure(server, work)
        except Failed as reason:
            print(f"failed: {reason}", file=sys.stderr)
            if server.is_ours or server is EPOLL:
                raise
    return measured


def _slowed(measured: dict[Work, Rounds], unstalled: Work, server: str) -> float:
    stalled = next(work for work in measured if work.key == "g")
    pairs = zip(measured[stalled], measured[unstalled], strict=True)
    return median(one[server].p99_ms / other[server].p99_ms for one, other in pairs)


def _broken(figures: Sequence[Figures]) -> list[Figures]:
    return [one for one in figures if one.faults and one.server in (DUELCAST.name, DUELCAST_EACH_TURN.name)]


def judge(figures: Sequence[Figures], *, guarded: bool, works: AbstractSet[str], servers: AbstractSet[str]) -> bool:
    """Print each target with its measured value. Returns whether our server had no faults and, with `guarded`, every
    guard holds.

    A guard does not hold if its figure is missing although its works and its server are in `works` and `servers`.
    """
    broken = _broken(figures)
    for one in broken:
        print(f"BROKEN  {one.work}, {one.server}: {one.faults}")
    too_high = missed(figures, guarded=guarded)
    unknown = False
    for target in TARGETS:
        value = target.value(figures)
        most = target.guarded if guarded else target.promised
        if value is None and guarded and most is not None and target.keys <= works and target.beside in servers:
            print(f"MISSING {target.title}")
            unknown = True
        elif value is not None and most is not None:
            print(f"{'MISSED' if target in too_high else 'ok    '}  {target.title}: {value:.2f}, at most {most:.2f}")
    return not broken and not (guarded and (too_high or unknown))


if __name__ == "__main__":
    sys.exit(main())
