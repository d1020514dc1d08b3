"""The benchmark of operations: what it counts, and that each part runs."""

from __future__ import annotations

import asyncio
import tomllib
from collections import Counter

import pytest
from benchmarks.measuring import Failed
from benchmarks.operations import changes, growth
from benchmarks.operations.changes import Changes, told
from benchmarks.operations.followers import OTHERS, STATES, UPDATE, Follower, following, kind_of
from benchmarks.operations.services import configuration_of, names_of
from benchmarks.rows import exit_code
from websockets.asyncio.server import ServerConnection, serve


def follower(**frames: int) -> Follower:
    one = Follower()
    one.frames.update({UPDATE if kind == "update" else kind: number for kind, number in frames.items()})
    return one


def test_updates_of_services_that_are_not_of_the_benchmark_are_told_apart() -> None:
    assert kind_of(b'{"type":"service:update","service":"bench-00001","status":"healthy"}') == UPDATE
    assert kind_of(b'{"type":"service:update","service":"store","status":"healthy"}') == OTHERS
    assert kind_of(b'{"type":"services:state","services":[]}') == STATES
    assert kind_of(b"[]") == ""


def test_what_came_before_and_the_updates_of_others_do_not_count() -> None:
    before = Counter({UPDATE: 3, STATES: 2, OTHERS: 1})
    assert told([follower(update=8, others=5)], [before - Counter({STATES: 2})], 5) == {UPDATE: 5}


@pytest.mark.parametrize("updates", [4, 6])
def test_a_follower_that_is_told_of_another_number_of_changes_fails_the_run(updates: int) -> None:
    with pytest.raises(Failed, match=f"follower 1 was told of {updates} changes of 5"):
        told([follower(update=5), follower(update=updates)], [Counter(), Counter()], 5)


def test_a_follower_that_was_closed_fails_the_run() -> None:
    gone = follower(update=5)
    gone.closed.set()
    with pytest.raises(Failed, match="closed"):
        told([gone], [Counter()], 5)


def test_frames_are_per_change_and_follower() -> None:
    found = Changes(
        followers=2,
        changes=10,
        server_cpu_s=0.05,
        seconds=0.5,
        frames={UPDATE: 20, STATES: 20},
        update_bytes=20_000,
        states_before=2,
    )
    assert (found.frames_each, found.bytes_each, found.states) == (2, 1_000, 20)
    assert found.cpu_percent == pytest.approx(10)


def test_the_services_are_declared_as_the_file_of_settings_takes_them() -> None:
    declared = tomllib.loads(configuration_of(3))["services"]
    assert [one["name"] for one in declared] == names_of(3) == ["bench-00000", "bench-00001", "bench-00002"]


async def test_a_follower_counts_what_comes_and_has_followed_once_its_command_is_answered() -> None:
    async def handle(client: ServerConnection) -> None:
        await client.send('{"type":"services:state","services":[]}')
        assert "subscribe:services" in str(await client.recv())
        await client.send('{"type":"subscription_confirmed","channel":"services"}')
        await client.send('{"type":"services:state","services":[],"channel":"services"}')
        await client.send('{"type":"service:update","service":"bench-00000"}')
        await client.close()

    async with serve(handle, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        async with following(f"ws://127.0.0.1:{port}/", ["token"] * 2) as followers, asyncio.timeout(60):
            await asyncio.gather(*(one.closed.wait() for one in followers))
    assert len(followers) == 2
    for one in followers:
        assert (one.frames[STATES], one.frames[UPDATE]) == (2, 1)
        assert one.bytes[UPDATE] == len('{"type":"service:update","service":"bench-00000"}')


@pytest.mark.process
def test_followers_of_a_real_server_are_told_of_each_change_once() -> None:
    rows = changes.measure(services=3, followers=2, changes=8, rounds=1)
    assert exit_code(rows) == 0
    frames, size, unasked, asked, cpu = (one.value for one in rows)
    assert (frames, unasked, asked) == (1, 0, 2)
    assert size > 100
    assert cpu > 0


def test_a_change_is_timed_among_few_services_and_many() -> None:
    time, ratio = growth.measure(2, 20, changes=20, rounds=2)
    assert time.value > 0
    assert ratio.target is not None
    assert ratio.target.decides
