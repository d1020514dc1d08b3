from __future__ import annotations

import pytest

DEFAULT_SEEDS = 25
SEEDS_PER_TEST = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=DEFAULT_SEEDS, help="simulate the clusters of so many seeds")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" not in metafunc.fixturenames:
        return
    option = metafunc.config.getoption
    only = option("--seed", None)
    if only is not None:
        portions = [range(only, only + 1)]
    else:
        count = option("--seeds", DEFAULT_SEEDS)
        portions = [range(begin, min(begin + SEEDS_PER_TEST, count)) for begin in range(0, count, SEEDS_PER_TEST)]
    metafunc.parametrize("seeds", portions, ids=[f"{one.start}-{one.stop - 1}" for one in portions])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--seed", None) is not None:
        items[:] = [item for item in items if "seeds" in getattr(item, "fixturenames", ())]
