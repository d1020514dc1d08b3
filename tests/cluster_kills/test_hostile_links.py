"""Strangers who reach the port of a leader's links can neither stop it nor fill its memory and its log."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cluster_kills.cluster_log import ClusterLog
from tests.cluster_kills.local import PATIENT, Node, local_cluster
from tests.cluster_kills.office import BOSS
from tests.cluster_kills.ordeal import Ordeal, ordeal
from tests.cluster_kills.runs import report_folder, seed_of
from tests.cluster_kills.strangers import ATTACKS, Attack, greet_again, stranger
from tests.cluster_kills.tokens import headers_of

pytestmark = pytest.mark.cluster

MAX_LINKS = 160
"""More than attack at once, so that the leader has room for all of them."""
CROWD = 400
MAX_GROWTH_MIB = 100
"""Of the leader, whose peers would fill gigabytes if they could."""
CONNECTING = 50
MAX_REFUSED_LINES = 300
"""The default of `refusals_logged_in_all_per_minute`."""
NAME = "stranger"


class Siege:
    """Attacks on the leader of a cluster that serves clients."""

    def __init__(self, trial: Ordeal) -> None:
        self._ordeal = trial
        self._cluster = trial.cluster
        self._log = ClusterLog(trial.cluster)
        # A kernel forgets connections that wait to be accepted, if there are too many.
        self._connecting = asyncio.Semaphore(CONNECTING)
        (self._leader,) = self._cluster.of_role("leader")

    async def run(self) -> None:
        """Attack, and check that nobody else notices."""
        size, memory_mib = self._log.size, peak_mib(self._leader)
        await self._attack(ATTACKS)
        recorded = await self._recorded_greeting()
        await self._attack([Attack(greet_again(recorded), "secret")])
        await self._crowd()
        self._check_log(size)
        growth_mib = peak_mib(self._leader) - memory_mib
        self._cluster.note(f"the leader's memory has grown by {growth_mib:.0f} MiB")
        assert growth_mib < MAX_GROWTH_MIB
        assert self._cluster.of_role("leader") == [self._leader]

    async def _attack(self, attacks: Sequence[Attack]) -> None:
        before = await self._counts()
        crowd = [attack for attack in attacks for _ in range(attack.crowd)]
        await asyncio.gather(self._are_cut_off(crowd), self._ordeal.everybody_works())
        expected = Counter({attack.reason: 0 for attack in attacks})
        for attack in attacks:
            expected[attack.reason] += attack.crowd

        async def are_counted() -> bool:
            return await self._counts() - before == expected

        await self._ordeal.until_true(are_counted, f"{expected} are counted")
        self._cluster.note(f"cut off: {dict(expected)}")

    async def _crowd(self) -> None:
        """Many who say nothing at once."""
        before = await self._counts()
        await self._are_cut_off([ATTACKS[0]] * CROWD)
        await self._ordeal.everybody_works()
        counted = await self._counts() - before
        self._cluster.note(f"cut off: {dict(counted)}")
        # A busy leader may give up the first before the last have come.
        assert counted.keys() <= {"room", "late"}
        assert counted["room"]
        assert counted.total() == CROWD

    async def _are_cut_off(self, attacks: Sequence[Attack]) -> None:
        async with self._ordeal.in_time("all strangers are cut off"):
            await asyncio.gather(*map(self._be_cut_off, attacks))

    async def _be_cut_off(self, attack: Attack) -> None:
        async with AsyncExitStack() as stack:
            async with self._connecting:
                one = await stack.enter_async_context(stranger(self._port, self._cluster.secret, NAME))
            with suppress(ConnectionError):
                await attack.act(one)
                await one.until_cut_off()

    async def _recorded_greeting(self) -> bytes:
        async with stranger(self._port, self._cluster.secret, NAME) as one:
            return await one.link()

    @property
    def _port(self) -> int:
        return int(self._leader.url.rpartition(":")[2])

    async def _counts(self) -> Counter[str]:
        """How many links the leader has cut off, by reason."""
        async with httpx.AsyncClient(trust_env=False) as http:
            url = self._cluster.operations_of(self._leader)
            answer = await http.get(f"{url}/metrics", headers=headers_of(BOSS, "admin"))
        counts = Counter[str]()
        for family in text_string_to_metric_families(answer.raise_for_status().text):
            for sample in family.samples:
                if sample.name == "duelcast_links_refused_total":
                    counts[sample.labels["reason"]] = round(sample.value)
        return counts

    def _check_log(self, since: int) -> None:
        """Of those who do not know the secret, only some are in the log, and no other node has lost its link."""
        records = [one for one in self._log.records(since) if one["event"] != "link_refused"]
        refused = len(self._log.records(since)) - len(records)
        assert 0 < refused <= MAX_REFUSED_LINES, refused
        events = Counter(one["event"] for one in records if one["logger"] == "duelcast.link")
        links = sum(attack.crowd for attack in ATTACKS if attack.links) + 1
        assert events == {"linked": links, "link_lost": links}, events
        assert all(one.get("gateway") == NAME for one in records if one["logger"] == "duelcast.link")
        assert not [one for one in records if one["level"] in ("error", "critical")]


def peak_mib(node: Node) -> float:
    """The most memory that a process has ever had."""
    status = Path(f"/proc/{node.pid}/status").read_text()
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak) / 1024


async def test_strangers_are_cut_off_and_counted_and_the_leader_goes_on(request: pytest.FixtureRequest) -> None:
    seed = seed_of(request)
    folder = report_folder("strangers")
    async with (
        local_cluster(folder, keeps_log=False, variables={**PATIENT, "DUELCAST_MAX_LINKS": str(MAX_LINKS)}) as cluster,
        ordeal(cluster, random.Random(seed)) as trial,
    ):
        cluster.note(f"seed {seed}, logs in {folder}")
        async with trial.under_load():
            await Siege(trial).run()
