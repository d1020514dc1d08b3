"""Measures how long a change takes in the domain layer, and whether that grows with the number of services."""

from __future__ import annotations

from time import perf_counter

from benchmarks.contest.hall import frozen_heap
from benchmarks.nothing_stored import NothingStored
from benchmarks.operations.services import names_of
from benchmarks.rows import Row, Target, row
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.publisher import Publisher
from duelcast.clock import SystemClock
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.health import Health
from duelcast.domain.operations.monitored_service import Declaration, Service
from duelcast.domain.operations.registry import Registry

MOST_GROWTH = 3.0
"""The maximum growth of the time of a change from the smaller to the larger number of services."""
_NEVER_OPENS = BreakerSettings(failure_threshold=1_000, minimum_calls=1_000)


def measure(small: int, large: int, changes: int, rounds: int) -> list[Row]:
    """Measure both numbers of services in turn, so that a busy machine affects both."""
    houses = House(small), House(large)
    with frozen_heap():
        timed = [[house.change_us(changes) for house in houses] for _ in range(rounds)]
    return [
        row(f"a change among {large:,} services", "µs", [of_many for _of_few, of_many in timed]),
        row(
            f"a change among {large:,} services, × one among {small:,}",
            "×",
            [of_many / of_few for of_few, of_many in timed],
            Target("most", MOST_GROWTH, decides=True),
        ),
    ]


class House:
    """Services, all in one layer, without the rest of the server."""

    def __init__(self, services: int) -> None:
        clock = SystemClock()
        registry = Registry(Publisher(MemoryBroker(clock, NothingStored()), clock), clock, lambda _alert: None)
        self._health = Health(registry, clock)
        self._services = []
        for name in names_of(services):
            declaration = Declaration(name=name, kind="reported", layer="data", display_name=name)
            service = Service(declaration, clock, breaker=self._health.breaker(name, _NEVER_OPENS))
            registry.put(service)
            self._health.report(service, [(True, 1.0)])
            self._services.append(service)

    def change_us(self, changes: int) -> float:
        """The mean time of a change: one service fails, then succeeds, then the next one does the same, and so on."""
        began_s = perf_counter()
        for number in range(changes):
            service = self._services[number // 2 % len(self._services)]
            self._health.report(service, [(number % 2 == 1, 1.0)])
        return (perf_counter() - began_s) / changes * 1e6
