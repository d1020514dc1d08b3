"""The programs of a local cluster, their ports and their settings."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from duelcast.app.supervisor import Program
from local_cluster import postgres, valkey

SERVERS, LEADERS, GATEWAYS = 0, 1, 2
"""Stages."""
DATABASE = "duelcast"
_SECRETS = ("DUELCAST_CLUSTER_SECRET", "DUELCAST_JWT_SECRET")


class Part(NamedTuple):
    """A program and its address; the `role` of the leader that stands by is `candidate`."""

    role: str
    url: str
    program: Program


class Plan(NamedTuple):
    """All parts, and the settings that the nodes share."""

    parts: Sequence[Part]
    settings: Mapping[str, str]

    @property
    def programs(self) -> list[Program]:
        return [part.program for part in self.parts]

    def urls(self, role: str) -> list[str]:
        """The addresses of the parts with a role."""
        return [part.url for part in self.parts if part.role == role]


def plan(folder: Path, port: int, *, gateways: int, leaders: int, keeps_log: bool) -> Plan:
    """A cluster with its data in `folder`, whose ports count up from `port`: gateways, leaders, PostgreSQL, Valkey,
    and, if `DUELCAST_OPS_PORT` is set, from there for gateways and leaders."""
    folder.mkdir(parents=True, exist_ok=True)
    log_folder = folder / "valkey"
    log_folder.mkdir(exist_ok=True)
    links = port + gateways
    database, log = links + leaders, links + leaders + 1
    settings = {
        "DUELCAST_DATABASE_URL": postgres.url(database, DATABASE),
        "DUELCAST_BROKER_URL": valkey.url(log),
        "DUELCAST_WORKERS": "0",
        **_kept_secrets(folder),
    }
    nodes = [_gateway(folder, number, port + number, settings) for number in range(gateways)]
    nodes += [_leader(folder, gateways + number, links + number, settings) for number in range(leaders)]
    data = postgres.place(folder)
    return Plan(
        [
            *nodes,
            Part("postgres", postgres.url(database, DATABASE), postgres.program(data, database)),
            Part("valkey", valkey.url(log), valkey.program(log_folder, log, keeps_data=keeps_log)),
        ],
        settings,
    )


def _gateway(folder: Path, number: int, port: int, settings: Mapping[str, str]) -> Part:
    own = {"DUELCAST_ROLE": "gateway", "DUELCAST_HOST": "127.0.0.1", "DUELCAST_PORT": str(port)}
    node = _node(f"gateway-{number + 1}", GATEWAYS, folder, number, {**settings, **own})
    return Part("gateway", f"http://127.0.0.1:{port}", node)


def _leader(folder: Path, number: int, port: int, settings: Mapping[str, str]) -> Part:
    own = {"DUELCAST_ROLE": "leader", "DUELCAST_LINK_LISTEN": f"127.0.0.1:{port}"}
    name = f"leader-{port}"
    return Part("candidate", f"tcp://127.0.0.1:{port}", _node(name, LEADERS, folder, number, {**settings, **own}))


def _node(name: str, stage: int, folder: Path, number: int, settings: Mapping[str, str]) -> Program:
    own = {"DUELCAST_DATA_DIR": str(folder / name)}
    if operations := os.environ.get("DUELCAST_OPS_PORT"):
        own["DUELCAST_OPS_PORT"] = str(int(operations) + number)
    return Program(
        name=name,
        command=(sys.executable, "-m", "duelcast.cli", "serve"),
        environment={**settings, **own},
        stage=stage,
    )


def _kept_secrets(folder: Path) -> dict[str, str]:
    """Secrets that are set, or were made when the cluster was first started."""
    found = {}
    for name in _SECRETS:
        path = folder / name.removeprefix("DUELCAST_").lower()
        if name not in os.environ and not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
        found[name] = os.environ[name] if name in os.environ else path.read_text()
    return found
