from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.cli.tail.reconnect import (
    LONGEST_WAIT_S,
    Retry,
    Stop,
    after_close,
    after_no_answer,
    after_refusal,
    backoff_s,
)


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1009, 4001, 4003])
def test_codes_that_end_it_for_good(code: int) -> None:
    decision = after_close(code, "", 0, 0.5)
    assert isinstance(decision, Stop)
    assert decision.failed
    assert decision.sentence.endswith(".")


def test_a_server_that_is_done_is_no_failure() -> None:
    assert after_close(1000, "", 0, 0.5) == Stop("The server closed the connection normally.", failed=False)


@pytest.mark.parametrize("code", [1001, 1006, 1008, 1011, 1012, 1013, 4008, 4999])
def test_codes_after_which_a_client_comes_back(code: int) -> None:
    assert after_close(code, "heartbeat", 0, 1.0) == Retry(0.5)


@pytest.mark.parametrize("code", [1012, 1013])
def test_the_delay_that_the_server_asks_for_is_kept(code: int) -> None:
    assert after_close(code, "restart retry_after_ms=1730", 9, 0.0) == Retry(1.73)


def test_a_delay_without_end_is_cut() -> None:
    assert after_close(1013, "retry_after_ms=999999999", 0, 0.0) == Retry(300.0)


def test_the_reason_for_coming_back_is_told() -> None:
    assert after_close(1006, "", 0, 1.0) == Retry(0.5, "connection lost")
    assert after_refusal(503, 0, 1.0) == Retry(0.5, "the server refuses the connection for now (HTTP 503)")
    assert after_no_answer("ws://h:1", 0, 1.0) == Retry(0.5, "no WebSocket server answers at ws://h:1")


@pytest.mark.parametrize(("status", "stops"), [(401, True), (403, True), (410, True), (429, False), (502, False)])
def test_a_refused_upgrade_ends_it_where_asking_again_cannot_help(status: int, stops: bool) -> None:
    assert isinstance(after_refusal(status, 0, 0.5), Stop) is stops


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_wait_lies_between_half_and_all_of_a_bounded_doubling(attempt: int, jitter: float) -> None:
    full = min(LONGEST_WAIT_S, 0.5 * 2 ** min(attempt, 100))
    assert full / 2 <= backoff_s(attempt, jitter) <= full
