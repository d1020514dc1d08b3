from __future__ import annotations

import pytest

from tests.conformance.verdict import EXPECTED_CASES, judge


def cases(**changed: str) -> dict[str, dict[str, str]]:
    """A run in which all is well but for case 1.7."""
    run = {f"1.{number}": {"behavior": "OK", "behaviorClose": "OK"} for number in range(1, EXPECTED_CASES + 1)}
    run["1.7"] = run["1.7"] | changed
    return run


def test_a_run_without_fault_passes() -> None:
    verdict = judge(cases())
    assert verdict.passed
    assert verdict.lines[-1] == "conformance: 517 cases, 0 failed, 0 unclean"


@pytest.mark.parametrize("behavior", ["NON-STRICT", "INFORMATIONAL"])
def test_what_the_rfc_leaves_open_passes_and_is_counted(behavior: str) -> None:
    verdict = judge(cases(behavior=behavior))
    assert verdict.passed
    assert f"{behavior.lower()}: 1" in verdict.lines


@pytest.mark.parametrize(
    "fault",
    [
        {"behavior": "FAILED"},
        {"behavior": "UNIMPLEMENTED"},
        {"behaviorClose": "WRONG CODE"},
        {"behaviorClose": "FAILED BY CLIENT"},
    ],
)
def test_a_failed_case_is_named_and_fails_the_run(fault: dict[str, str]) -> None:
    verdict = judge(cases(**fault))
    assert not verdict.passed
    assert verdict.lines[0].startswith("case 1.7: ")
    assert verdict.lines[-1] == "conformance: 517 cases, 1 failed, 0 unclean"


def test_an_unclean_ending_is_named_and_fails_the_run() -> None:
    verdict = judge(cases(behaviorClose="UNCLEAN"))
    assert not verdict.passed
    assert verdict.lines[0] == "case 1.7: OK, closed UNCLEAN"
    assert verdict.lines[-1] == "conformance: 517 cases, 0 failed, 1 unclean"


def test_a_case_that_did_not_run_fails_the_run() -> None:
    run = cases()
    del run["1.7"]
    verdict = judge(run)
    assert not verdict.passed
    assert verdict.lines[-1] == "conformance: 516 cases, 0 failed, 0 unclean"


def test_cases_are_named_in_the_order_of_their_numbers() -> None:
    run = cases(behavior="FAILED")
    run["1.10"] = run["1.7"]
    assert [line.split(":")[0] for line in judge(run).lines[:2]] == ["case 1.7", "case 1.10"]


@pytest.mark.parametrize(
    ("name", "passed"), [("13.3.1", True), ("13.5.18", True), ("13.2.1", False), ("12.1.1", False)]
)
def test_only_offers_of_a_small_window_may_be_declined(name: str, passed: bool) -> None:
    run = cases()
    del run["1.7"]
    run[name] = {"behavior": "UNIMPLEMENTED", "behaviorClose": "OK"}
    assert judge(run).passed == passed
