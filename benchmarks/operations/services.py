"""The services of the benchmark. They are of the kind `reported` and have a description and dependencies."""

from __future__ import annotations

PREFIX = "bench-"


def names_of(services: int) -> list[str]:
    """The names of this number of services."""
    return [f"{PREFIX}{number:05d}" for number in range(services)]


def configuration_of(services: int) -> str:
    """The `[[services]]` for the configuration file. None of them counts as silent during a benchmark."""
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
