"""The benchmark of several nodes: its arithmetic, and that a cluster is measured."""

from __future__ import annotations

import re

import msgspec
import pytest
from benchmarks.cluster import commands, fanout
from benchmarks.cluster.commands import IN_FLIGHT, beside_us, chat_messages, forwarded_us, states
from benchmarks.cluster.fanout import core_percent
from benchmarks.measuring import Measurement
from benchmarks.rows import exit_code
from benchmarks.works import one_symbol

from tests.benchmarks.test_judging import measurement

LEADER, POSTGRES, VALKEY = 0, 1, 2


def beside(cpu_us: float, *others_us: float, seconds: float = 1.0) -> Measurement:
    """A window with 1,000 messages that cost gateways and the other processes so much each."""
    beside_cpu_s = [other_us / 1000 for other_us in others_us]
    return msgspec.structs.replace(measurement(cpu_us), beside_cpu_s=beside_cpu_s, seconds=seconds)


def test_a_forwarded_command_costs_gateways_and_leader() -> None:
    measured = beside(80, 100, 60, 5)
    assert forwarded_us(measured) == pytest.approx(180)
    assert beside_us(measured, POSTGRES) == pytest.approx(60)


def test_a_process_beside_gateways_takes_a_share_of_a_core() -> None:
    assert core_percent(beside(80, 100, 60, 40, seconds=2.0), VALKEY) == pytest.approx(2.0)


def test_each_run_has_a_request_for_each_room_and_ids_of_its_own() -> None:
    one, other = (set(map(_id_of, chat_messages([5, 6], run))) for run in (1, 2))
    assert one.isdisjoint(other)
    for request in (*chat_messages([5, 6], 1), *states([5, 6], 1)):
        assert msgspec.json.decode(request)["contestId"] in {5, 6}


def _id_of(request: str) -> str:
    """A message id as it is once the load client has replaced `$`."""
    found: str = msgspec.json.decode(request)["messageId"].replace("$", "000001000002")
    assert re.fullmatch(r"[0-9a-f]{8}-0000-4000-8000-[0-9]{12}", found)
    return found


@pytest.mark.process
def test_a_gateway_is_measured_beside_the_single_process() -> None:
    rows = fanout.measure(one_symbol(20), rounds=1, most=1_000)
    assert exit_code(rows) == 0
    assert all(one.value > 0 for one in rows)


@pytest.mark.process
def test_forwarded_commands_are_measured_and_stored() -> None:
    rows = commands.measure(rounds=1, seconds=0.5, most=1_000)
    ratios = [one for one in rows if one.target is not None]
    assert [one.title for one in ratios] == [
        f"{name}, {IN_FLIGHT} in flight: forwarded × single process" for name in ("contest state", "chat message")
    ]
    assert all(one.value > 0 for one in ratios)
