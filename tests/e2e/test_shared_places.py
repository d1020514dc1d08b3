"""A server whose data others may change does not start, and says which command mends it."""

from __future__ import annotations

import asyncio
import shlex
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.e2e.forked import fork
from tests.e2e.process import START_TIMEOUT_S, environment, kill

pytestmark = pytest.mark.process


async def refusal(folder: Path, command: str, **settings: object) -> str:
    """What `command` says that it ends with."""
    env = environment(folder, feed="none", port=0, **settings)
    process = await fork(command, env=env, cwd=folder, stderr=PIPE)
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            _out, err = await process.communicate()
    finally:
        await kill(process)
    assert process.returncode == 2
    # In front of it is the log.
    return err.decode().splitlines()[-1]


@pytest.mark.parametrize("command", ["serve", "demo", "check-config"])
@pytest.mark.parametrize(
    ("name", "mode", "fix"),
    [("", 0o777, "700"), ("", 0o770, "700"), ("duelcast.db", 0o666, "600"), ("duelcast.db-wal", 0o620, "600")],
)
async def test_what_others_may_write_to_is_named_with_its_mode_and_the_fix(
    tmp_path: Path, command: str, name: str, mode: int, fix: str
) -> None:
    data = tmp_path / "data of ours"
    data.mkdir(mode=0o700)
    place = data / name
    if name:
        place.touch()
    place.chmod(mode)
    err = await refusal(tmp_path, command, data_dir=data)
    assert err.startswith(f"duelcast: Others may write to the {'file' if name else 'folder'} {place} (mode {mode:04o})")
    assert err.endswith(f"`chmod {fix} {shlex.quote(str(place))}`.")
    assert not (data / "jwt_secret").exists() or name


async def test_a_database_elsewhere_is_in_a_folder_of_ours_too(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    err = await refusal(tmp_path, "serve", database_url=f"sqlite:///{shared}/duelcast.db")
    assert f"Others may write to the folder {shared} (mode 1777)" in err
