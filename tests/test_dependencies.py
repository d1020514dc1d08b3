"""The report of `make check` on the locked dependencies."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.feeds.local_http import Answer, local_http

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "dependencies.py"
LOCK = "fresh==1.0\n    # via the project\naged==2.1\nwithdrawn==3.0 ; python_version < '4'\nunheard==4.0\n"


def file(name: str, age_days: float, *, yanked: bool | str = False) -> dict[str, Any]:
    uploaded = datetime.now(UTC) - timedelta(days=age_days)
    return {"filename": name, "upload-time": f"{uploaded:%Y-%m-%dT%H:%M:%S.%fZ}", "yanked": yanked}


FILES = {
    "fresh": [file("fresh-0.9.tar.gz", 900), file("fresh-1.0.tar.gz", 400), file("fresh-1.0-py3-none-any.whl", 10)],
    "aged": [file("aged-2.1-py3-none-any.whl", 366), file("aged-3.0-py3-none-any.whl", 1), file("aged.exe", 1)],
    "withdrawn": [
        file("withdrawn-3.0.tar.gz", 5, yanked="It loses data."),
        file("withdrawn-3.0-py3-none-any.whl", 5, yanked=True),
    ],
}


def index(target: str) -> Answer:
    name = target.strip("/").rpartition("/")[2]
    return Answer(json.dumps({"files": FILES[name]}).encode()) if name in FILES else Answer(b"", 404)


async def said_of(folder: Path, index_url: str) -> str:
    """The output of the script with this index. Fails if the script does."""
    lock = folder / "some.lock"
    lock.write_text(LOCK)
    environment = {**os.environ, "PIP_INDEX_URL": index_url, "no_proxy": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(sys.executable, SCRIPT, lock, stdout=PIPE, env=environment)
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def test_yanked_and_old_dependencies_are_named_and_nothing_else(tmp_path: Path) -> None:
    async with local_http(index) as url:
        yanked, old, missing = (await said_of(tmp_path, f"{url}/simple/")).splitlines()
    assert yanked.startswith("some.lock: yanked: withdrawn 3.0 (")
    assert old.startswith("some.lock: a year old: aged 2.1 (")
    assert missing == "some.lock: not on the index: unheard"
    assert yanked.count("(") == old.count("(") == 1


async def test_an_index_that_cannot_be_asked_is_no_failure(tmp_path: Path) -> None:
    async with local_http(index) as url:
        pass
    assert "the package index cannot be asked" in await said_of(tmp_path, url)


async def test_an_index_that_talks_nonsense_is_no_failure(tmp_path: Path) -> None:
    async with local_http(lambda _: Answer(b"<html>")) as url:
        assert "the package index cannot be asked" in await said_of(tmp_path, url)
