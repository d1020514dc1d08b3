"""Copies a database from SQLite to PostgreSQL, or back, with its epoch."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, suppress
from typing import Protocol, TypeVar

from msgspec import Struct
from sqlalchemy import Table

from duelcast.settings import ConfigurationError
from duelcast.store.backend import Backend, Held
from duelcast.store.copy_port import COPIED, Batch, CopySource, CopyTarget, Row
from duelcast.store.epoch import new_epoch
from duelcast.store.portable_rows import Rule, fault_in, rules_of
from duelcast.store.tables import epochs

T = TypeVar("T")


class Copied(Struct, frozen=True):
    """The numbers of copied tables and rows. `has_epoch` says whether the epoch moved to the copy; otherwise the copy
    has a new one, as the source would have after its next start."""

    tables: int
    rows: int
    has_epoch: bool


class Progress(Protocol):
    """Called after each batch with the number of rows of the table that were copied so far."""

    def __call__(self, table: str, rows: int, *, is_complete: bool) -> None: ...


async def copy_database(source: Backend, target: Backend, progress: Progress) -> Copied:
    """Copy all rows of `source` into `target`, whose tables are created if it has none. No server may use either.

    All rows are committed at once, so that a failure leaves the target unused. If the source is the database that
    issued its numbers, the epoch moves with them: clients can recover from the copy, and the source gets a new epoch at
    its next start, because from then on both would issue the same numbers. If the commit itself fails, the source has
    lost its epoch nevertheless, which costs clients a snapshot.

    Raises `ConfigurationError`, with the source unchanged and the target unused, if both are of the same kind, a server
    uses one of them, the source is not a database of this version, the target is not empty, a row cannot be stored in
    the target, or one of the databases fails.
    """
    if type(source) is type(target):
        raise ConfigurationError(
            "One of the databases must be an SQLite file, and the other on a PostgreSQL server: copy an SQLite file "
            "with `duelcast backup`, and a PostgreSQL database with `pg_dump`."
        )
    async with AsyncExitStack() as ends:
        read = await _reserved(ends, source.copy_source(), source.name)
        write = await _reserved(ends, target.copy_target(), target.name)
        state = await read.state()
        judgement = source.epoch_mark().judge(state)
        rows = 0
        async with write.transaction():
            for table in COPIED:
                rows += await _copy_table(read, write, table, progress, has_epoch=judgement.is_same)
            if judgement.is_same:
                await read.disown()
        with suppress(ConfigurationError):  # without the mark, the next start takes the worst for granted
            block_used = judgement.is_same and judgement.block_used
            target.epoch_mark().stopped(state.starts, state.numbers, block_used=block_used)
    return Copied(len(COPIED), rows, judgement.is_same)


async def _reserved(ends: AsyncExitStack, end: AbstractAsyncContextManager[T], name: str) -> T:
    try:
        return await ends.enter_async_context(end)
    except Held:
        raise ConfigurationError(f"A server uses the database {name}: stop it first.") from None


async def _copy_table(read: CopySource, write: CopyTarget, table: Table, progress: Progress, *, has_epoch: bool) -> int:
    """Copy a table; returns the number of its rows."""
    copied, rules = 0, rules_of(table)
    async with aclosing(read.batches(table)) as batches:
        async for batch in batches:
            _check(batch, table, rules, read.place)
            rows = batch.rows
            if table is epochs:
                rows = [_moved(row, write, has_epoch=has_epoch) for row in rows]
            await write.write(table, rows)
            copied += len(rows)
            progress(table.name, copied, is_complete=False)
    if table.autoincrement_column is not None:
        await write.set_last_id(table, await read.last_id(table))
    progress(table.name, copied, is_complete=True)
    return copied


def _check(batch: Batch, table: Table, rules: tuple[Rule, ...], place: str) -> None:
    for number, row in enumerate(batch.rows):
        fault = fault_in(rules, row)
        if fault is not None:
            where = f"{place} {batch.places[number]}"
            raise ConfigurationError(
                f"The row of `{table.name}` with {where} cannot be copied: {fault}. Correct the row, and copy again."
            )


def _moved(row: Row, write: CopyTarget, *, has_epoch: bool) -> Row:
    """The row of `epochs` as the target has it after a start."""
    values = dict(zip(epochs.columns.keys(), row, strict=True))
    if not has_epoch:
        values["epoch"] = new_epoch()
    return tuple({**values, **write.identity}.values())
