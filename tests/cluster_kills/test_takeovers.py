"""A thousand clients keep their connections and positions while another node takes over; prints how long they wait."""

from __future__ import annotations

import asyncio
import random
import signal
import statistics
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest

from tests.cluster_kills.acts import Ledger
from tests.cluster_kills.broadcasts import Broadcasts
from tests.cluster_kills.cluster_log import ClusterLog
from tests.cluster_kills.company import SPEAKERS
from tests.cluster_kills.contests import open_room
from tests.cluster_kills.evidence import evidence
from tests.cluster_kills.listeners import Listener, listening
from tests.cluster_kills.local import LocalCluster, local_cluster, send
from tests.cluster_kills.office import Ticker, office
from tests.cluster_kills.runs import report_folder, seed_of
from tests.cluster_kills.senders import Speaker

pytestmark = pytest.mark.cluster

CLIENTS = 1_000
TAKEOVERS = 1
"""With each signal."""
SIGNALS = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM)
SUSPENDED_S = 6.0
LINKS = 3
"""Of the gateways and of the candidate, with a new leader."""
TAKEOVER_TIMEOUT_S = 120.0
STEADY_S = 2.0
LOOK_EVERY_S = 0.05
SYMBOL = "SOL"
MARKET = ("MARKET_PRICE", "MARKET_VOLUME", "MARKET_SENTIMENT")


class Takeover(NamedTuple):
    """How long it took, in seconds: between the signal and the first messages of the new leader at all clients, and
    the part of that in which it loaded the domain."""

    market: Sequence[float]
    chat: Sequence[float]
    loading_s: float


async def take_over(
    cluster: LocalCluster, log: ClusterLog, number: signal.Signals, market: list[Listener], chat: list[Listener]
) -> Takeover:
    """Send a signal to the leader, and wait until all clients receive messages of another one."""
    everybody = [*market, *chat]
    for listener in everybody:
        listener.mark()
    size = log.size
    (leader,) = cluster.of_role("leader")
    await asyncio.sleep(LOOK_EVERY_S)
    began_s = time.monotonic()
    send(leader.pid, number)
    async with asyncio.timeout(TAKEOVER_TIMEOUT_S):
        while "leading" not in log.times(size):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(LOOK_EVERY_S)
        for listener in everybody:
            listener.messages = 0
        while not all(listener.messages for listener in everybody):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(LOOK_EVERY_S)
        if number == signal.SIGSTOP:
            await asyncio.sleep(max(0.0, began_s + SUSPENDED_S - time.monotonic()))
            send(leader.pid, signal.SIGCONT)
        times = log.times(size)
        found = Takeover(
            [one.ended_after_s(began_s) for one in market],
            [one.ended_after_s(began_s) for one in chat],
            times["leading"] - times["term_begun"],
        )
        while not cluster.is_complete or not all_linked(log, size):  # noqa: ASYNC110 - other processes
            await asyncio.sleep(LOOK_EVERY_S)
    await asyncio.sleep(STEADY_S)
    return found


def all_linked(log: ClusterLog, since: int) -> bool:
    """Whether both gateways and the other leader have a link to the new one."""
    linked = [one for one in log.records(since) if one["event"] == "linked" and "gateway" not in one]
    return len(linked) >= LINKS


def summary(seconds: Iterable[float]) -> str:
    """The median and the greatest of many durations."""
    ordered = sorted(seconds)
    return f"{statistics.median(ordered):.2f} s, at most {ordered[-1]:.2f} s"


async def test_clients_keep_their_connections_and_positions_during_takeovers(request: pytest.FixtureRequest) -> None:
    takeovers: int = request.config.getoption("--takeovers") or TAKEOVERS
    seed = seed_of(request)
    chance = random.Random(seed)
    folder = report_folder("takeovers")
    over = asyncio.Event()
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(local_cluster(folder, keeps_log=False))
        work = await stack.enter_async_context(office(cluster.gateways, chance))
        ticker = Ticker(work, [SYMBOL], chance)
        await ticker.post()
        contest = await open_room(work)
        market = [
            Listener(gateway, "market-data", f"market.{SYMBOL}", MARKET, is_every=False)
            for gateway in cluster.gateways * (CLIENTS // 4)
        ]
        chat = [
            Listener(gateway, "contest", f"chat.{contest}", ["chat_message"], is_every=True)
            for gateway in cluster.gateways * (CLIENTS // 4)
        ]
        ledger, broadcasts = Ledger("chat messages"), Broadcasts()
        speakers = [
            Speaker(contest, ledger, broadcasts, cluster.gateways, chance, wallet, (0.5, 1.5)) for wallet in SPEAKERS
        ]
        await stack.enter_async_context(listening([*market, *chat]))
        cluster.note(f"{CLIENTS} clients are connected, seed {seed}, logs in {folder}")
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        attending = [tasks.create_task(speaker.attend()) for speaker in speakers]
        working = [tasks.create_task(speaker.speak(over)) for speaker in speakers]
        working.append(tasks.create_task(ticker.work(over)))
        await asyncio.sleep(STEADY_S)
        log = ClusterLog(cluster)
        found: dict[signal.Signals, list[Takeover]] = {number: [] for number in SIGNALS}
        for _ in range(takeovers):
            for number in SIGNALS:
                takeover = await take_over(cluster, log, number, market, chat)
                found[number].append(takeover)
                cluster.note(
                    f"{number.name}: market data after {summary(takeover.market)}; chat after "
                    f"{summary(takeover.chat)}; loading {takeover.loading_s:.2f} s"
                )
        over.set()
        await asyncio.wait(working)
        async with evidence(cluster.database) as database:
            ledger.check(await database.column("select text from chat_messages"))
        for task in attending:
            task.cancel()
    for number, timed in found.items():
        for name, clients in (("market data", [one.market for one in timed]), ("chat", [one.chat for one in timed])):
            last = [max(seconds) - one.loading_s for seconds, one in zip(clients, timed, strict=True)]
            cluster.note(
                f"{number.name}, {len(timed)} takeovers, {name}, the last client, without loading: {summary(last)}; "
                f"all: {' '.join(f'{seconds:.2f}' for seconds in sorted(last))}"
            )
        cluster.note(f"{number.name}, loading: {summary(one.loading_s for one in timed)}")
