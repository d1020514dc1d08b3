"""Measurements are summarised and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from benchmarks.__main__ import judge
from benchmarks.chart import draw
from benchmarks.measuring import Measurement
from benchmarks.report import Figures, summarise
from benchmarks.servers import DUELCAST, EPOLL, NODE
from benchmarks.targets import TARGETS, Unknown, find
from benchmarks.works import full, mixed, one_symbol, quick

NOTHING = msgspec.convert({**dict.fromkeys(Measurement.__struct_fields__, 0), "beside_cpu_s": []}, Measurement)


def measurement(cpu_us: float, **fields: float) -> Measurement:
    """A window of a second with 1,000 messages that cost `cpu_us` each."""
    return msgspec.structs.replace(
        NOTHING, connections=1_000, seconds=1.0, messages=1_000, server_cpu_s=cpu_us / 1000, **fields
    )


def judged(figures: Sequence[Figures], *, guarded: bool) -> bool:
    """The verdict on a run that measured (a) with our server and the C server."""
    return judge(figures, guarded=guarded, works={"a"}, servers={DUELCAST.name, EPOLL.name})


def figures_of(ours: Sequence[float], limit: Sequence[float], **fields: float) -> list[Figures]:
    rounds = [
        {EPOLL.name: measurement(theirs), DUELCAST.name: measurement(mine, **fields)}
        for mine, theirs in zip(ours, limit, strict=True)
    ]
    return summarise(one_symbol(1_000), rounds)


def test_a_ratio_is_the_median_of_those_within_each_round() -> None:
    ours = find(figures_of([6, 30, 9], [6, 10, 10]), "a", 1_000)
    assert (ours.value, ours.low, ours.high) == pytest.approx((9, 6, 30))
    assert ours.ratio == pytest.approx(1.0)


def test_a_server_that_failed_in_a_round_is_judged_by_the_others() -> None:
    rounds = [{EPOLL.name: measurement(5), DUELCAST.name: measurement(10)}, {DUELCAST.name: measurement(8)}]
    assert find(summarise(one_symbol(1_000), rounds), "a", 1_000).ratio == pytest.approx(2.0)


@pytest.mark.parametrize(("cpu_us", "kept"), [(8.0, True), (30.0, False)])
def test_a_guard_holds_or_fails(cpu_us: float, kept: bool) -> None:
    assert judged(figures_of([cpu_us] * 3, [6] * 3), guarded=True) is kept


def test_a_missed_promise_alone_breaks_no_run() -> None:
    assert judged(figures_of([30], [6]), guarded=False)


@pytest.mark.parametrize("fault", ["torn", "disordered", "behind", "silent", "closed", "mismatched"])
def test_any_fault_of_ours_breaks_the_run(fault: str) -> None:
    assert not judged(figures_of([6], [6], **{fault: 1}), guarded=False)


def test_a_fault_of_a_peer_does_not() -> None:
    rounds = [{EPOLL.name: measurement(6, torn=1), DUELCAST.name: measurement(6)}]
    assert judged(summarise(one_symbol(1_000), rounds), guarded=True)


def test_a_guard_without_a_figure_does_not_hold() -> None:
    assert not judged([], guarded=True)
    assert judge([], guarded=True, works={"e"}, servers={DUELCAST.name, EPOLL.name}), "without Node nothing is compared"


def test_rounds_without_a_moment_of_rest_are_counted() -> None:
    rounds = [{DUELCAST.name: measurement(6, settled=settled)} for settled in (1, 0, 1)]
    assert find(summarise(one_symbol(1_000), rounds), "a", 1_000).unchecked == 1


def test_every_guard_would_see_a_cost_double() -> None:
    for target in TARGETS:
        if target.guarded is not None and "KB" not in target.title:
            assert target.guarded < 2 * max(target.promised, target.elsewhere or 0.0), target.title


def test_what_was_not_measured_is_unknown() -> None:
    for target in TARGETS:
        with pytest.raises(Unknown):
            target.figure([])


def test_each_guard_is_measured_in_the_quick_run() -> None:
    measured = {work.name for group in quick() for work in group}
    assert {"a @ 1,000", "b @ 1,000", "c @ 1,000", "d @ 1,000", "e @ 64", "f @ 10,000", "i @ 1,000"} <= measured


def test_works_have_names_of_their_own() -> None:
    names = [work.name for group in full() for work in group]
    assert len(names) == len(set(names))


def test_mixed_subscriptions_are_random_and_the_same_in_each_run() -> None:
    work = mixed(100)
    first, *_ = subscriptions = work.subscriptions()
    assert len(subscriptions) == 100
    assert all(len(set(symbols)) == 20 for symbols in subscriptions)
    assert any(set(symbols) != set(first) for symbols in subscriptions)
    assert subscriptions == replace(work).subscriptions()


def test_the_chart_names_who_was_measured(tmp_path: Path) -> None:
    rounds = [{one.name: measurement(6) for one in (EPOLL, DUELCAST, NODE)}]
    path = tmp_path / "chart.svg"
    draw(summarise(one_symbol(1_000), rounds), path)
    text = path.read_text()
    assert text.startswith("<?xml")
    assert all(f">{one.name}<" in text for one in (EPOLL, DUELCAST, NODE))


def test_a_run_without_ratios_has_no_chart(tmp_path: Path) -> None:
    draw([], tmp_path / "chart.svg")
    assert not (tmp_path / "chart.svg").exists()
