"""`python -m tests.clients.soak SECONDS`: clients in all libraries talk at random to one server after another, with
another seed each time, and must decode the same bytes. Prints the seeds; fails with the first difference."""

from __future__ import annotations

import itertools
import random
import sys
import time

import uvloop

from tests.clients.talking_programs import openers
from tests.e2e.talkers import talk_at_random


async def soak(seconds: float) -> None:
    ends = time.monotonic() + seconds
    for seed in itertools.count():
        sys.stdout.write(f"seed {seed}\n")
        sys.stdout.flush()
        await talk_at_random(openers(), random.Random(seed))
        if time.monotonic() > ends:
            return


if __name__ == "__main__":
    uvloop.run(soak(float(sys.argv[1])))
