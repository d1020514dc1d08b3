"""The faults of a simulated cluster, and their times."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tests.simulation.nodes import CandidateProcess
from tests.simulation.shared_log import LogView

if TYPE_CHECKING:
    from tests.simulation.world import World

Fault = Callable[["World", random.Random], None]
FIRST_S = 1.0
MEAN_INTERVAL_S = 1.6
GATEWAYS, CANDIDATES = ("gateway-1", "gateway-2"), ("leader-1", "leader-2")


def plan(world: World, story_s: float) -> Sequence[tuple[float, Callable[[], None]]]:
    """Faults with their times."""
    rng = random.Random(f"{world.seed}/faults")
    faults = []
    at_s = FIRST_S
    while (at_s := at_s + rng.expovariate(1 / MEAN_INTERVAL_S)) < story_s:
        fault = rng.choices([fault for fault, _ in FAULTS], [weight for _, weight in FAULTS])[0]
        faults.append((at_s, partial(fault, world, rng)))
    return faults


def _later(world: World, seconds: float, act: Callable[[], None]) -> None:
    """Do something later, unless everything is mended by then."""

    def do() -> None:
        if world.is_faulty:
            act()

    asyncio.get_running_loop().call_later(seconds, do)


# ── processes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _kill_leader(world: World, rng: random.Random) -> None:
    world.kill(_leader(world, rng), silently=rng.random() < 0.25)


def _kill_gateway(world: World, rng: random.Random) -> None:
    world.kill(rng.choice(GATEWAYS), silently=rng.random() < 0.25)


def _kill_any_two(world: World, rng: random.Random) -> None:
    for name in rng.sample([*GATEWAYS, *CANDIDATES], 2):
        world.kill(name, silently=False)


def _suspend(world: World, rng: random.Random, name: str) -> None:
    process = world.nodes[name].process
    if process.is_suspended or process.is_dead:
        return
    seconds = rng.choice([0.05, 0.5, 2.5, 4.0, 6.0]) * rng.uniform(0.7, 1.3)
    world.note(f"{name} is suspended for {seconds:.3f} s")
    process.suspend()

    def resume() -> None:
        if process.is_suspended:
            world.note(f"{name} is resumed")
            process.resume()

    _later(world, seconds, resume)


def _suspend_leader(world: World, rng: random.Random) -> None:
    _suspend(world, rng, _leader(world, rng))


def _suspend_gateway(world: World, rng: random.Random) -> None:
    _suspend(world, rng, rng.choice(GATEWAYS))


def _stop_leader(world: World, rng: random.Random) -> None:
    """As with a signal: the leader hands its term over."""
    name = _leader(world, rng)
    world.note(f"{name} gets a signal to stop")
    world.nodes[name].should_stop.set()


def _fail_in_commit(world: World, rng: random.Random) -> None:
    """Kill or suspend the leader just before or just after its next COMMIT."""
    moment, kills = rng.choice(["before", "after"]), rng.random() < 0.6
    done = [False]

    def committing(process: object, now: str) -> None:
        node = next((one for one in world.nodes.values() if one.process is process), None)
        if done[0] or now != moment or node is None or not world.is_faulty:
            return
        done[0] = True
        world.note(f"{moment} a COMMIT:")
        if kills:
            world.kill(node.name, silently=False)
        else:
            _suspend(world, rng, node.name)

    world.database.on_commit = committing


def _fail_in_append(world: World, rng: random.Random) -> None:
    """Kill the leader as soon as the log has taken its next entry."""
    node = world.nodes[_leader(world, rng)]
    done = [False]

    def appended(_entry: object) -> None:
        if not done[0] and world.is_faulty and not node.process.is_dead:
            done[0] = True
            world.note("after an append:")
            world.kill(node.name, silently=False)

    node.view.on_appended = appended


# ── the network ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _cut_link(world: World, rng: random.Random) -> None:
    one, other = rng.choice([*GATEWAYS, *CANDIDATES]), rng.choice(CANDIDATES)
    if one == other:
        return
    seconds = rng.choice([0.2, 1.0, 4.0, 8.0])
    world.note(f"{one} and {other} are cut off from each other for {seconds} s")
    world.network.cut(one, other)
    _later(world, seconds, partial(world.network.mend, one, other))


def _reset_link(world: World, rng: random.Random) -> None:
    one, other = rng.choice(GATEWAYS), rng.choice(CANDIDATES)
    world.note(f"the connections between {one} and {other} are reset")
    world.network.reset(one, other)


def _cut_log(world: World, rng: random.Random) -> None:
    node = world.nodes[rng.choice([*GATEWAYS, *CANDIDATES])]
    seconds = rng.choice([0.2, 1.0, 4.0, 8.0])
    world.note(f"{node.name} is cut off from the log for {seconds} s")
    node.view.is_cut = True
    _later(world, seconds, partial(_join_log, node.view))


def _join_log(view: LogView) -> None:
    view.is_cut = False


def _cut_database(world: World, rng: random.Random) -> None:
    name = rng.choice([*CANDIDATES, *CANDIDATES, *GATEWAYS])
    seconds = rng.choice([0.2, 1.0, 4.0, 6.0])
    world.note(f"{name} is cut off from the database for {seconds} s")
    world.database.cut.add(name)
    _later(world, seconds, partial(world.database.cut.discard, name))


# ── servers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _restart_log(world: World, rng: random.Random) -> None:
    if not world.log.is_up:
        return
    lost = rng.choice([0, 0, 1, 2, 5, 1_000_000])
    seconds = rng.choice([0.0, 0.1, 1.0, 3.0])
    world.note(f"the log is away for {seconds} s, and loses {lost} entries")
    world.log.stop()
    _later(world, seconds, partial(world.log.start, lost=lost))


def _trim_log(world: World, rng: random.Random) -> None:
    kept = rng.choice([0, 1, 3])
    world.note(f"the log is trimmed to {kept} entries")
    world.log.trim(kept)


def _restart_database(world: World, rng: random.Random) -> None:
    if not world.database.is_up:
        return
    seconds = rng.choice([0.0, 0.3, 2.0, 5.0])
    world.note(f"the database is away for {seconds} s")
    world.database.stop()
    _later(world, seconds, world.database.start)


def _promote_standby(world: World, rng: random.Random) -> None:
    if world.database.is_standby_behind:
        return
    seconds = rng.choice([0.0, 0.1, 0.5, 2.0])
    world.note(f"a standby misses the last {seconds} s, and is promoted")
    world.database.fall_behind()
    _later(world, seconds, world.promote)


# ── clients ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _leave(world: World, rng: random.Random) -> None:
    client = rng.choice(world.clients)
    world.note(f"{client.name} leaves")
    client.leave()


def _fill(world: World, rng: random.Random) -> None:
    client = rng.choice(world.clients)
    if client.socket is not None and client.established and not client.socket.is_full:
        seconds = rng.choice([0.1, 1.0, 3.0])
        world.note(f"{client.name} reads nothing for {seconds} s")
        client.socket.fill()
        _later(world, seconds, client.socket.drain)


def _leader(world: World, rng: random.Random) -> str:
    """The node that leads, or a candidate."""
    leaders = [name for name in CANDIDATES if _leads(world, name)]
    return rng.choice(leaders or CANDIDATES)


def _leads(world: World, name: str) -> bool:
    node = world.nodes[name]
    return isinstance(node, CandidateProcess) and node.is_leading and not node.process.is_dead


FAULTS: Sequence[tuple[Fault, float]] = (
    (_kill_leader, 2),
    (_kill_gateway, 1),
    (_kill_any_two, 0.5),
    (_suspend_leader, 2),
    (_suspend_gateway, 1),
    (_stop_leader, 1),
    (_fail_in_commit, 2),
    (_fail_in_append, 1),
    (_cut_link, 1.5),
    (_reset_link, 1),
    (_cut_log, 1),
    (_cut_database, 1),
    (_restart_log, 2),
    (_trim_log, 0.7),
    (_restart_database, 1),
    (_promote_standby, 0.5),
    (_leave, 2),
    (_fill, 1),
)
"""All faults, with their weights."""
