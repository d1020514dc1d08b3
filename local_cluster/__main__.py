"""Runs the cluster until a signal; see the README of the project.

`nodes.json` in its folder lists its processes: objects with `role` (`gateway`, `leader`, `candidate`, `postgres` or
`valkey`), `url` and `pid`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg
import structlog

from duelcast.app.running import stop_signals
from duelcast.app.supervisor import Supervisor
from duelcast.backoff import Backoff
from duelcast.cli.demo.companion import Demo
from duelcast.clock import SystemClock
from duelcast.logs import configure_logging
from duelcast.settings import Settings
from duelcast.settings.loading import load_settings
from duelcast.store.choosing import backend_of, lease_of
from duelcast.store.database import Database
from duelcast.store.lease import LeaseUnavailable
from duelcast.tasks import cancel, first_ended
from local_cluster.plan import DATABASE, GATEWAYS, LEADERS, SERVERS, Part, Plan, plan

LOOK_EVERY_S = 0.2
LONGEST_RETRY_S = 2.0
"""Short, because whoever kills programs of a local cluster wants to see them return."""
START_TIMEOUT_S = 120.0

log = structlog.get_logger("duelcast.cluster")


class Cluster:
    """The processes of a plan, with their data in `folder`."""

    def __init__(self, folder: Path, made: Plan, settings: Settings) -> None:
        self._file = folder / "nodes.json"
        self._plan = made
        self._settings = settings
        self._demo = Demo(settings, round_s=300.0)
        self._supervisor = Supervisor(made.programs, SystemClock(), self._write_nodes, LONGEST_RETRY_S)
        self._lease = lease_of(settings, "local-cluster")
        """Never taken; it knows the leader."""
        self._leader: str | None = None
        """The address of the last known leader."""
        self._has_leader = asyncio.Event()

    async def run(self, *, with_demo: bool) -> None:
        """Run until cancelled, or until a program cannot be started."""
        self._supervisor.start(SERVERS)
        serving = asyncio.create_task(self._serve(with_demo=with_demo))
        failing = asyncio.create_task(self._supervisor.failed())
        try:
            await first_ended([serving, failing])
        finally:
            await cancel([serving, failing])
            await self._lease.resign()
            await self._supervisor.stop()
            self._file.unlink(missing_ok=True)

    async def _serve(self, *, with_demo: bool) -> None:
        async with asyncio.timeout(START_TIMEOUT_S):
            await self._prepare_database(with_demo=with_demo)
        self._supervisor.start(LEADERS)
        self._supervisor.start(GATEWAYS)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_leader())
            async with asyncio.timeout(START_TIMEOUT_S):
                for url in self._plan.urls("gateway"):
                    await _accepts(url)
                await self._has_leader.wait()
            self._print_addresses()
            if with_demo:
                tasks.create_task(self._show())

    # ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def _prepare_database(self, *, with_demo: bool) -> None:
        (url,) = self._plan.urls("postgres")
        await _make_database(url)
        await backend_of(self._settings).migrate()
        if with_demo:
            database = Database(backend_of(self._settings), SystemClock())
            async with database.at_work():
                await self._demo.claim(database)

    async def _show(self) -> None:
        """Run the demo on the first gateway; it begins again if its gateway is away for too long."""
        url = self._plan.urls("gateway")[0]
        backoff = Backoff(SystemClock())
        while True:
            try:
                await self._demo.run(url)
            except* Exception as failed:
                log.warning("demo_failed", error=[type(error).__name__ for error in failed.exceptions])
            await backoff.wait()

    async def _watch_leader(self) -> None:
        while True:
            with suppress(LeaseUnavailable):  # nobody else can lead then
                found = await self._lease.find()
                leader = None if found is None else f"tcp://{found.address}"
                if leader != self._leader:
                    self._leader = leader
                    self._write_nodes()
                if leader is not None:
                    self._has_leader.set()
            await asyncio.sleep(LOOK_EVERY_S)

    # ── for others ──────────────────────────────────────────────────────────────────────────────────────────────

    def _write_nodes(self) -> None:
        found = ((part, self._supervisor.pid(part.program.name)) for part in self._plan.parts)
        nodes = [{"role": self._role(part), "url": part.url, "pid": pid} for part, pid in found if pid is not None]
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(nodes, indent=1))
        beside.replace(self._file)

    def _print_addresses(self) -> None:
        lines = "".join(f"    {self._role(part):10} {part.url}\n" for part in self._plan.parts)
        sys.stdout.write(f"\n  The cluster runs (Ctrl-C stops it):\n\n{lines}\n")
        sys.stdout.flush()

    def _role(self, part: Part) -> str:
        return "leader" if part.url == self._leader else part.role


async def _make_database(url: str) -> None:
    """Wait until the server answers, and make the database if it does not exist."""
    while True:
        try:
            connection = await asyncpg.connect(url.replace(f"/{DATABASE}", "/postgres"))
            break
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(LOOK_EVERY_S)
    try:
        if not await connection.fetchval("select count(*) from pg_database where datname = $1", DATABASE):
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()


async def _accepts(url: str) -> None:
    """Wait until somebody listens there."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    while True:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            await asyncio.sleep(LOOK_EVERY_S)
        else:
            writer.close()
            return


async def _run(folder: Path, made: Plan, settings: Settings, *, with_demo: bool) -> int:
    stop = asyncio.create_task(stop_signals().wait())
    running = asyncio.create_task(Cluster(folder, made, settings).run(with_demo=with_demo))
    await asyncio.wait([stop, running], return_when=asyncio.FIRST_COMPLETED)
    failed = running.done()
    await cancel([stop, running])
    if failed:
        running.result()
    return int(failed)


def _check_ports(setting: str, first: int, count: int) -> None:
    for port in range(first, first + count):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                sys.exit(f"Port {port} is in use: set {setting} to the first of {count} free ports.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make run-cluster", description="Run a cluster on this machine.")
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--leaders", type=int, default=2, help="a leader and candidates")
    parser.add_argument("--keep-log", action="store_true", help="let Valkey write its data to the disk")
    parser.add_argument("--no-demo", action="store_true", help="without demo data")
    given = parser.parse_args()
    folder = Path(os.environ.pop("DUELCAST_CLUSTER_DIR", "data/cluster")).resolve()
    port = int(os.environ.pop("DUELCAST_CLUSTER_PORT", "8070"))
    nodes = given.gateways + given.leaders
    _check_ports("DUELCAST_CLUSTER_PORT", port, nodes + 2)
    if operations := os.environ.get("DUELCAST_OPS_PORT"):
        _check_ports("DUELCAST_OPS_PORT", int(operations), nodes)
    made = plan(folder, port, gateways=given.gateways, leaders=given.leaders, keeps_log=given.keep_log)
    shared = {**made.settings, "DUELCAST_PORT": str(port), "DUELCAST_DATA_DIR": str(folder)}
    os.environ.update(shared)
    settings = load_settings(None, {}).settings
    configure_logging(settings.log_level, settings.log_format)
    # The guide of the demo names commands to try.
    sys.argv[0] = str(Path(sys.executable).with_name("duelcast"))
    # uvloop cannot start PostgreSQL as another user.
    with suppress(KeyboardInterrupt), asyncio.Runner() as runner:
        sys.exit(runner.run(_run(folder, made, settings, with_demo=not given.no_demo)))


if __name__ == "__main__":
    main()
