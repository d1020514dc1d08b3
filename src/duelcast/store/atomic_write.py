"""Atomic writes of files: a file exists completely, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duelcast.settings import ConfigurationError


@contextmanager
def whole_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """Yield a new, empty file (mode 0600) beside `path`. At the end of the block, it is synced to the disk and replaces
    `path`. If the block raises, the new file is deleted.

    Raises `ConfigurationError` if the folder does not accept a new file, or if `path` exists, unless it is a file and
    `replace` is true.
    """
    _check_free(path, replace=replace)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _failure(path, error) from None
    os.close(descriptor)
    made = Path(name)
    try:
        yield made
        sync(made)
        _check_free(path, replace=replace)
        made.rename(path)
        sync(path.parent)
    except OSError as error:
        raise _failure(path, error) from None
    finally:
        made.unlink(missing_ok=True)


def is_same_file(one: Path, other: Path) -> bool:
    """Whether both paths lead to the same file, even if through links. The file need not exist."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)


def sync(path: Path) -> None:
    """Wait until the contents of a file, or the names in a folder, are on the disk. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_free(path: Path, *, replace: bool) -> None:
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise ConfigurationError(f"{path} exists and is not a file, so it cannot be replaced.")
    if not replace:
        raise ConfigurationError(f"The file {path} already exists: name another one, or replace it with --force.")


def _failure(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"The file {path} cannot be written ({error.strerror or 'is the disk full?'}).")
