"""`make bench-abuse`: the most expensive messages and requests, by CPU of the server's event loop and by bytes answered
per byte sent.

Tries every endpoint, command and route of the API documents as each kind of caller, with small, large and invalid
input. Limits are off, so the figures are what one message costs before a limit would stop the next one.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx
import msgspec

from benchmarks.abuse.attempts import CACHED, Attempt, messages, requests
from benchmarks.abuse.furnishing import furnish
from benchmarks.abuse.probing import ROLES, Cost, Probe
from benchmarks.measuring import free_port, running
from benchmarks.servers import DUELCAST, LIMITS_OFF, SECRET

MAX_LOOP_MS = 5.0
MAX_AMPLIFICATION = 64
FREE_BYTES = 4 * 1024
"""An answer up to this size is never too large."""
TRIES = 3
"""How often an attempt is measured while it seems too expensive, because other work of the machine adds CPU time."""
SHOWN = 10
SYMBOLS = 100


def main() -> int:
    """Return the exit code: 1 if an anonymous caller can send something that is too expensive."""
    arguments = _arguments()
    port = free_port()
    environment = {
        **LIMITS_OFF,
        "DUELCAST_FEED": f"simulated?symbols={SYMBOLS}",
        "DUELCAST_PORT": str(port),
        "DUELCAST_JWT_SECRET": SECRET,
    }
    with running(DUELCAST.name, [str(Path(sys.executable).with_name("duelcast")), "serve"], environment, port) as pid:
        asyncio.run(furnish(port))
        attempts = list(_attempts(port))
        costs = [cost for caller in ROLES for cost in _measured(Probe(pid, port, caller), attempts, caller)]
    if arguments.json is not None:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(costs), indent=1))
    return _report(costs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.abuse", description=__doc__)
    parser.add_argument("--json", type=Path, help="file that all figures are written to")
    return parser.parse_args()


def _attempts(port: int) -> Iterable[Attempt]:
    base = f"http://127.0.0.1:{port}"
    yield from messages(httpx.get(f"{base}/asyncapi.json", trust_env=False).json())
    yield from requests(httpx.get(f"{base}/openapi.json", trust_env=False).json())


def _measured(probe: Probe, attempts: Sequence[Attempt], caller: str) -> list[Cost]:
    costs = []
    for number, attempt in enumerate(attempts):
        cost = _least_cost(probe, attempt)
        if cost is not None:
            costs.append(cost)
        if number % 100 == 0:
            print(f"  {caller}: {number} of {len(attempts)}", file=sys.stderr)
    return costs


def _least_cost(probe: Probe, attempt: Attempt) -> Cost | None:
    """The cost with the least CPU of up to `TRIES` tries, until one is cheap enough; None if `cost_of` returns None."""
    least = None
    for _ in range(TRIES):
        cost = probe.cost_of(attempt)
        if cost is None:
            return None
        if least is None or cost.loop_ms < least.loop_ms:
            least = cost
        if not _is_too_dear(cost):
            break
    return least


def _report(costs: Sequence[Cost]) -> int:
    print(f"{len(costs)} messages and requests tried\n")
    for caller in ROLES:
        own = [cost for cost in costs if cost.caller == caller]
        _table(f"{caller}, by CPU of the event loop", sorted(own, key=lambda one: -one.loop_ms)[:SHOWN])
        large = [cost for cost in own if cost.answered_bytes > FREE_BYTES]
        _table(f"{caller}, by bytes answered per byte sent", sorted(large, key=lambda one: -one.amplification)[:SHOWN])
    dear = [cost for cost in costs if cost.caller == "anonymous" and _is_too_dear(cost)]
    for cost in dear:
        print(f"TOO EXPENSIVE  {cost.title}: {cost.loop_ms:.2f} ms, {cost.amplification:.0f} ×")
    return 1 if dear else 0


def _is_too_dear(cost: Cost) -> bool:
    is_large = cost.answered_bytes > FREE_BYTES
    if is_large and (cost.is_promised or any(cost.title == f"http: GET {path}" for path in CACHED)):
        return False
    return cost.loop_ms > MAX_LOOP_MS or (is_large and cost.amplification > MAX_AMPLIFICATION)


def _table(title: str, costs: Sequence[Cost]) -> None:
    print(title)
    for cost in costs:
        print(
            f"  {cost.loop_ms:8.2f} ms {cost.sent_bytes:12,.0f} → {cost.answered_bytes:12,.0f} bytes "
            f"{cost.amplification:8.1f} ×  {'promised' if cost.is_promised else '        '}  {cost.title}"
        )
    print()


if __name__ == "__main__":
    sys.exit(main())
