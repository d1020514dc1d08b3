"""Whatever fails in a cluster, its clients hear what the contract says. `make test-simulation` simulates hundreds of
clusters, and ARGS="--seed 4711" the one that failed."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.simulation.world import simulate


def test_nothing_is_lost_doubled_or_out_of_order_whatever_fails(seeds: range) -> None:
    for seed in seeds:
        simulate(seed)


def test_a_seed_decides_everything_that_happens() -> None:
    command = [sys.executable, "-m", "tests.simulation.world", "3"]
    digests = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": order}, check=True, capture_output=True).stdout
        for order in ("1", "2")
    ]
    assert digests[0] == digests[1]
