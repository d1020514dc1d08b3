"""Versions of Duelcast for one cluster: the present one, and one whose tables have one more column."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree, ignore_patterns

from duelcast.store.migrate import REVISIONS
from tests.cluster_kills.local import PROJECT

LATER = "9999"
"""The version, and its newest migration."""
_VERSION = f'''"""The real-time server of a trading-contest platform."""

__version__ = "{LATER}"
'''
_MIGRATION = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{LATER}", "{REVISIONS[-1]}", None, None
oldest = "{REVISIONS[-1]}"


def upgrade() -> None:
    op.add_column("chat_messages", sa.Column("later", sa.Integer()))
"""


class Releases:
    """Both versions in `folder`. Programs with the `variables` run the one that is `installed`, at first the present
    one."""

    def __init__(self, folder: Path) -> None:
        self.present = PROJECT / "src"
        self.later = folder / "later"
        self._installed = folder / "installed"
        self._make_later()
        self.install(self.present)

    @property
    def variables(self) -> Mapping[str, str]:
        return {"PYTHONPATH": str(self._installed)}

    def install(self, version: Path) -> None:
        """Let programs run another version from their next start on."""
        beside = self._installed.with_suffix(".new")
        beside.symlink_to(version)
        beside.replace(self._installed)

    def _make_later(self) -> None:
        package = self.later / "duelcast"
        copytree(self.present / "duelcast", package, ignore=ignore_patterns("__pycache__"))
        (package / "__init__.py").write_text(_VERSION)
        (package / "store" / "migrations" / "versions" / f"v{LATER}_later.py").write_text(_MIGRATION)


async def run(version: Path, variables: Mapping[str, str], *command: str) -> tuple[int, str]:
    """Run `duelcast` of a version until it ends; returns its status and what it has written."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "duelcast.cli", *command),
        env={**os.environ, **variables, "PYTHONPATH": str(version)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
