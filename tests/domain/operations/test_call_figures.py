"""The sliding window beside a list of all calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.operations.call_figures import BUCKETS, CallWindow

Call = tuple[int, bool, bool]
"""Quarters of a bucket since the one before, whether it failed, whether it was slow."""

CALLS = st.lists(
    st.tuples(st.one_of(st.integers(0, 8), st.integers(60, 200)), st.booleans(), st.booleans()), min_size=1
)


@given(CALLS)
def test_it_counts_the_calls_of_the_newest_buckets(calls: list[Call]) -> None:
    window = CallWindow(BUCKETS)
    kept: list[Call] = []
    now = 0
    for waited, failed, slow in calls:
        now += waited
        window.add(now / 4, failed=failed, slow=slow)
        kept.append((now // 4, failed, slow))
        newest = [call for call in kept if call[0] > now // 4 - BUCKETS]
        assert window.calls == len(newest)
        assert window.failed == sum(failed for _, failed, _ in newest)
        assert window.slow == sum(slow for _, _, slow in newest)
        assert window.failure_rate == 100 * window.failed / window.calls


def test_a_clock_that_stands_behind_changes_nothing() -> None:
    window = CallWindow(BUCKETS)
    window.add(100.0, failed=True, slow=False)
    window.add(50.0, failed=False, slow=False)
    assert (window.calls, window.failed) == (2, 1)
