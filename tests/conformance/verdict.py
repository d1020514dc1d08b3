"""What the suite's index says, as lines to print and an exit status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PASSED = ("OK", "NON-STRICT", "INFORMATIONAL")
"""`behavior` of a case that passed; the latter two say that the RFC leaves a choice."""
CLOSED = ("OK", "INFORMATIONAL")
"""`behaviorClose` of a connection that ended as RFC 6455 asks."""
UNCLEAN = "UNCLEAN"
EXPECTED_CASES = 247 + 54 + 216
"""Core, limits (9.*) and compression (12.*, 13.*)."""
DECLINED = ("13.3.", "13.5.")
"""Cases that offer a window of 9 bits alone, which the gateway declines."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The cases of one run. `lines` ends with the summary."""

    lines: list[str]
    passed: bool


def judge(cases: Mapping[str, Mapping[str, Any]]) -> Verdict:
    """The verdict on one agent's part of `index.json`: case → {behavior, behaviorClose}.

    A case that did not run, of `EXPECTED_CASES`, fails the run.
    """
    lines = []
    failed = unclean = 0
    for name, case in sorted(cases.items(), key=lambda entry: _order(entry[0])):
        behavior, ending = case["behavior"], case["behaviorClose"]
        is_declined = behavior == "UNIMPLEMENTED" and name.startswith(DECLINED)
        has_failed = not (behavior in PASSED or is_declined) or ending not in (*CLOSED, UNCLEAN)
        failed += has_failed
        unclean += ending == UNCLEAN
        if has_failed or ending == UNCLEAN:
            lines.append(f"case {name}: {behavior}, closed {ending}")
    counts = Counter(case["behavior"] for case in cases.values())
    lines.extend(f"{behavior.lower()}: {counts[behavior]}" for behavior in (*PASSED, "UNIMPLEMENTED"))
    missing = EXPECTED_CASES - len(cases)
    if missing:
        lines.append(f"cases expected: {EXPECTED_CASES}")
    lines.append(f"conformance: {len(cases)} cases, {failed} failed, {unclean} unclean")
    return Verdict(lines, not (failed or unclean or missing))


def _order(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]
