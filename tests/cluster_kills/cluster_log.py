"""The log that the nodes of a cluster write together."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tests.cluster_kills.local import LocalCluster


class ClusterLog:
    """The log of all nodes, as it grows."""

    def __init__(self, cluster: LocalCluster) -> None:
        self._file = cluster.folder / "cluster.log"

    @property
    def size(self) -> int:
        return self._file.stat().st_size

    def records(self, since: int) -> list[dict[str, Any]]:
        """The records behind a size of the log."""
        lines = self._file.read_bytes()[since:].splitlines()
        return [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]

    def times(self, since: int) -> dict[str, float]:
        """When each event occurred last, behind a size of the log."""
        return {one["event"]: datetime.fromisoformat(one["timestamp"]).timestamp() for one in self.records(since)}
