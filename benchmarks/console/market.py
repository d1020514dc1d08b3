"""The market with 300 symbols at 1,000 messages a second: when the first price is shown, how long tasks block the page,
how many rows are mounted, how much memory is used, and how soon input is painted."""

from __future__ import annotations

import random
import time
from statistics import quantiles

from playwright.sync_api import Page

from benchmarks.console.browser import Site, chromium, site, wait
from benchmarks.measuring import Failed
from benchmarks.rows import Row, Target, row, worst

SYMBOLS = [f"T{number:03}" for number in range(300)]
BATCH = 100
PERIOD_S = 0.1
"""`BATCH` prices each `PERIOD_S` are 1,000 messages a second."""
WARM_UP_S = 5
INPUTS = 10
MOST_START_MS = 1_500
MOST_TASK_MS = 50
MOST_ROWS = 40
MOST_INPUT_MS = 200
MOST_GROWTH = 1.2
RECORD = """
() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
  }).observe({ type: "longtask" });
  window.inputs = [];
  window.keys = 0;
  addEventListener("keydown", () => (window.keys += 1));
  new PerformanceObserver((list) => {
    for (const { duration, name } of list.getEntries()) if (name === "keydown") window.inputs.push(duration);
  }).observe({ type: "event", durationThreshold: 16 });
}
"""
MEMORY = "() => { gc(); return performance.memory.usedJSHeapSize; }"


def measure_start(rounds: int) -> list[Row]:
    """From the navigation until a price is shown, with an empty cache. Raises `Failed`."""
    times_ms = []
    with site() as server, chromium() as browser:
        _post(server)
        for _ in range(rounds):
            page = browser.new_context().new_page()
            began_s = time.perf_counter()
            page.goto(f"{server.url}/console/", wait_until="commit")
            page.wait_for_selector(".quote")
            times_ms.append((time.perf_counter() - began_s) * 1000)
            page.context.close()
    return [row("first price on screen after the navigation", "ms", times_ms, Target("most", MOST_START_MS))]


def measure(seconds: int, throttle: int) -> list[Row]:
    """The page under load for `seconds`, with a CPU that is `throttle` times as slow. Raises `Failed`."""
    with site() as server, chromium() as browser:
        _post(server)
        page = browser.new_page()
        page.goto(f"{server.url}/console/")
        page.wait_for_selector(".quote")
        if throttle > 1:
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
        with server.repeating(lambda: _post(server, BATCH), PERIOD_S):
            wait(page, WARM_UP_S)
            before = page.evaluate(MEMORY)
            page.evaluate(RECORD)
            rows = _watch(page, seconds)
            # Collecting garbage for the second figure is a long task itself.
            task_ms = page.evaluate("longest")
            # Those that were painted within a frame are not recorded.
            inputs_ms = page.evaluate("inputs") or [0.0]
            if page.evaluate("keys") == 0:
                raise Failed("No key reached the page.")
            after = page.evaluate(MEMORY)
    at = f"market, {len(SYMBOLS)} symbols, {BATCH / PERIOD_S:,.0f} messages/s, CPU ÷ {throttle}"
    slowest_ms = max(inputs_ms) if len(inputs_ms) < 2 else quantiles(inputs_ms, n=50)[-1]
    found = [
        worst(f"{at}: mounted rows", "", rows, Target("most", MOST_ROWS, decides=True)),
        row(f"{at}: a key until it is painted, 98th percentile", "ms", [slowest_ms], Target("most", MOST_INPUT_MS)),
        row(f"{at}: memory after, ÷ before", "×", [after / before], Target("most", MOST_GROWTH)),
    ]
    task = Target("most", MOST_TASK_MS) if throttle == 1 else None
    return [row(f"{at}: longest task", "ms", [task_ms], task), *found]


def _watch(page: Page, seconds: int) -> list[float]:
    """The numbers of mounted rows, once a second, while somebody scrolls and searches."""
    counts: list[float] = []
    for second in range(seconds):
        if second % 2:
            page.mouse.wheel(0, 700 if second % 4 == 1 else -700)
        else:
            page.get_by_role("searchbox").press("T" if second % 4 else "Backspace")
        wait(page, 1)
        counts.append(page.locator("tr[data-symbol]").count())
    return counts


def _post(server: Site, count: int = len(SYMBOLS)) -> None:
    symbols = random.sample(SYMBOLS, count)
    server.call("POST", "/tokens/prices", [{"symbol": one, "price": random.uniform(50, 150)} for one in symbols])
