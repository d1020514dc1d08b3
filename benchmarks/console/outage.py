"""A server that is killed while its console is open: how soon the page says so, and how soon it is live again."""

from __future__ import annotations

import os
import signal
import time

from benchmarks.console.browser import Site, chromium, started, wait
from benchmarks.measuring import free_port
from benchmarks.rows import Row, Target, row, worst

MOST_NOTICE_MS = 2_000
OUTAGE_S = 10.0
LIVE_TIMEOUT_MS = 60_000


def measure(rounds: int) -> list[Row]:
    """Raises `Failed`."""
    noticed_ms, live_ms = [], []
    for _ in range(rounds):
        port = free_port()
        with chromium() as browser:
            page = browser.new_page()
            with started(port) as pid:
                page.goto(f"{Site(port).url}/console/")
                page.wait_for_selector(".pill[data-tone=good]")
                os.kill(pid, signal.SIGKILL)
                began_s = time.perf_counter()
                page.wait_for_selector(".pill[data-tone=bad]")
                noticed_ms.append((time.perf_counter() - began_s) * 1000)
                wait(page, OUTAGE_S)
            with started(port):
                began_s = time.perf_counter()
                page.wait_for_selector(".pill[data-tone=good]", timeout=LIVE_TIMEOUT_MS)
                live_ms.append((time.perf_counter() - began_s) * 1000)
    return [
        worst("killed: the page says that it reconnects", "ms", noticed_ms, Target("most", MOST_NOTICE_MS)),
        row(f"back after {OUTAGE_S:.0f} s: the page is live, after the server", "ms", live_ms),
    ]
