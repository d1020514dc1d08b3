"""Small writes for the tests of the database: each is a fact with a name of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from duelcast.store.database import Database, Transaction
from duelcast.store.tables import facts
from tests.databases import rows_in

LIMIT_S = 60.0
"""After which something that should happen counts as missing."""


def put(name: str) -> Callable[[Transaction], Awaitable[str]]:
    """Work that writes a fact and returns its name. A name can be written once: `IntegrityError`."""

    async def work(transaction: Transaction) -> str:
        await transaction.execute(insert(facts).values(name=name, value=None))
        return name

    return work


async def put_all(transaction: Transaction, names: Sequence[str]) -> Sequence[str]:
    """Many as a batch."""
    await transaction.execute(insert(facts), [{"name": name, "value": None} for name in names])
    return names


async def names_in(transaction: Transaction) -> list[str]:
    """The names of all facts, sorted."""
    return list((await transaction.execute(select(facts.c.name).order_by(facts.c.name))).scalars())


async def stored(database: Database) -> list[str]:
    """The names of all facts that are committed, sorted."""
    async with database.read() as transaction:
        return await names_in(transaction)


def figure(database: Database, name: str) -> float:
    """The sample `duelcast_store_<name>` of the metrics."""
    samples = {sample.name: sample.value for metric in database.collect() for sample in metric.samples}
    return samples[f"duelcast_store_{name}"]


def labelled(database: Database, name: str, label: str) -> float:
    """The sample `duelcast_store_<name>` with `label`."""
    samples = [sample for metric in database.collect() for sample in metric.samples]
    (value,) = (
        sample.value
        for sample in samples
        if sample.name == f"duelcast_store_{name}" and label in sample.labels.values()
    )
    return value


async def until(condition: Callable[[], bool]) -> None:
    """Let everybody else go on until `condition` holds."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 - whatever it looks at, it tells nobody
            await asyncio.sleep(0.001)


async def waiting(database: Database, *writes: Any) -> list[asyncio.Task[Any]]:
    """Tasks of `writes` that have all been asked for, in this order."""
    before = figure(database, "waiting_writes")
    tasks = [asyncio.ensure_future(write) for write in writes]
    await until(lambda: figure(database, "waiting_writes") == before + len(writes))
    return tasks


@asynccontextmanager
async def held(database: Database) -> AsyncIterator[None]:
    """While the block runs a transaction is under way, and writes that are asked for wait for the next one."""
    began, may_end = asyncio.Event(), asyncio.Event()

    async def work(_transaction: Transaction) -> None:
        began.set()
        await may_end.wait()

    writing = asyncio.create_task(database.write(work))
    try:
        await began.wait()
        yield
    finally:
        may_end.set()
        await writing


def read_names(path: Path) -> list[str]:
    """The names of all facts as another program finds them in the database, sorted; waits for nobody."""
    return [name for (name,) in rows_in(path, "select name from facts order by name")]
