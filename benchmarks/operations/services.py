"""The services of the benchmark: reported ones, each with what services have."""

from __future__ import annotations

PREFIX = "bench-"


def names_of(services: int) -> list[str]:
    """What so many services are called."""
    return [f"{PREFIX}{number:05d}" for number in range(services)]


def configuration_of(services: int) -> str:
    """So many `[[services]]` for the configuration file. None falls silent while it is measured."""
    return "".join(_TABLE.format(name=name) for name in names_of(services))


_TABLE = """
[[services]]
name = "{name}"
kind = "reported"
layer = "data"
description = "A service of the benchmark, which reports what it does."
dependencies = ["store", "broker"]
silentAfterMs = 86400000
"""
