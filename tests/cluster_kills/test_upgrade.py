"""A cluster under load is upgraded node by node to a version with one more migration, and nobody loses anything."""

from __future__ import annotations

import random
import signal
import statistics
from collections import Counter
from pathlib import Path

import pytest

from tests.cluster_kills.evidence import evidence
from tests.cluster_kills.local import PATIENT, SETTINGS, LocalCluster, Node, local_cluster, send
from tests.cluster_kills.ordeal import Ordeal, ordeal
from tests.cluster_kills.release import LATER, Releases, run
from tests.cluster_kills.returns import Return
from tests.cluster_kills.runs import report_folder, seed_of

pytestmark = pytest.mark.cluster

FLOOR_S = 1.0
SPREAD_S = 2.0
DRAIN = {
    "DUELCAST_DRAIN_FLOOR_MS": str(round(FLOOR_S * 1_000)),
    "DUELCAST_DRAIN_SPREAD_MS": str(round(SPREAD_S * 1_000)),
}


class Upgrade:
    """The restarts of a cluster's nodes, each with the version that is installed by then."""

    def __init__(self, trial: Ordeal) -> None:
        self._ordeal = trial
        self._cluster = trial.cluster

    async def run(self) -> None:
        """One gateway before the leaders and one after them, so that each version is linked to the other, both ways
        round; of the leaders, the one that stands by comes first, so that the term is handed over once."""
        first, second = self._cluster.of_role("gateway")
        await self._restart(first, {"gateway": 1})
        (candidate,) = self._cluster.of_role("candidate")
        await self._restart(candidate, {"gateway": 1, "candidate": 1})
        (leader,) = self._cluster.of_role("leader")
        await self._restart(leader, {"gateway": 1, "candidate": 1, "leader": 1})
        assert self._cluster.of_role("leader")[0].url == candidate.url, "the term was not handed over"
        await self._restart(second, {"gateway": 2, "candidate": 1, "leader": 1})

    async def _restart(self, node: Node, upgraded: dict[str, int]) -> None:
        """Stop a node, which is started again; so many nodes of each role have the later version then."""
        self._cluster.note(f"SIGTERM for the {node.role} {node.url}")
        send(node.pid, signal.SIGTERM)
        await self._ordeal.until(lambda: node.pid not in {one.pid for one in self._cluster.nodes}, "it has ended")
        await self._ordeal.everybody_works()

        async def is_shown() -> bool:
            nodes = (await self._ordeal.office.insist("GET", "/nodes"))["data"]
            return Counter(one["role"] for one in nodes if one["version"] == LATER) == upgraded

        await self._ordeal.until_true(is_shown, f"of the later version: {upgraded}")


def _check_returns(cluster: LocalCluster, returns: list[Return]) -> None:
    """Clients were asked to return spread over the jitter, and each was back at its first attempt."""
    assert returns
    asked = [one.asked_s for one in returns]
    assert all(FLOOR_S <= one <= FLOOR_S + SPREAD_S for one in asked), asked
    assert max(asked) - min(asked) > SPREAD_S / 2, asked
    failed = [one for one in returns if one.failures]
    assert not failed, failed
    late = [one.took_s - one.asked_s for one in returns]
    cluster.note(
        f"{len(returns)} clients were asked to return after {min(asked):.2f} to {max(asked):.2f} s, and were connected "
        f"{statistics.median(late):.2f} s after that, at most {max(late):.2f} s"
    )


async def test_nothing_is_lost_while_one_node_after_another_is_upgraded(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seed = seed_of(request)
    folder = report_folder("upgrade")
    releases = Releases(tmp_path)
    variables = {**PATIENT, **DRAIN, **releases.variables}
    async with (
        local_cluster(folder, keeps_log=False, variables=variables) as cluster,
        ordeal(cluster, random.Random(seed)) as trial,
    ):
        cluster.note(f"seed {seed}, logs in {folder}")
        place = {
            **SETTINGS,
            "DUELCAST_ROLE": "gateway",
            "DUELCAST_DATABASE_URL": cluster.database,
            "DUELCAST_BROKER_URL": cluster.broker,
            "DUELCAST_CLUSTER_SECRET": cluster.secret,
            "DUELCAST_DATA_DIR": str(tmp_path),
        }
        status, said = await run(releases.later, place, "serve")
        assert (status, f"Migrations up to {LATER} are pending" in said) == (2, True), said
        async with trial.under_load():
            status, said = await run(releases.later, place, "migrate")
            assert (status, f"applied {LATER}" in said) == (0, True), said
            await trial.everybody_works()
            releases.install(releases.later)
            await Upgrade(trial).run()
        _check_returns(cluster, [one for client in trial.company.clients for one in client.returns.done])
        async with evidence(cluster.database) as database:
            await database.execute(f"update schema_users set oldest = '{LATER}'")
        status, said = await run(releases.present, place, "serve")
        assert (status, "It was made by a later version of Duelcast" in said) == (2, True), said
