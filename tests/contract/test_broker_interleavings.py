"""The broker's contract: nothing is lost or repeated, whatever the order of events."""

from __future__ import annotations

import pytest

from tests.contract.buses import BUSES
from tests.contract.interleavings import run_interleavings


@pytest.mark.parametrize("bus_name", sorted(BUSES))
def test_no_subscriber_misses_or_repeats_a_message_unless_it_is_told(bus_name: str) -> None:
    run_interleavings(BUSES[bus_name], prompt_recovery=True)
