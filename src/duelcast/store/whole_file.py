"""Files that are there whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duelcast.settings import ConfigurationError


@contextmanager
def whole_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """Gives a new, empty file (mode 0600) beside `path`, which takes its place when the block ends; it is on the disk
    then. Where the block raises, nothing is left of it.

    Raises `ConfigurationError` where something is at `path`, unless it is a file to `replace`, and where the folder
    does not take a new file.
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
    """Whether both names lead to one file, or would if there were one: by whatever link."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)


def sync(path: Path) -> None:
    """Wait until what was written into a file, or which names are in a folder, is on the disk. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_free(path: Path, *, replace: bool) -> None:
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise ConfigurationError(f"{path} is no file that could be replaced.")
    if not replace:
        raise ConfigurationError(f"The file {path} is there already: name another one, or replace it with --force.")


def _failure(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"The file {path} cannot be written ({error.strerror or 'is the disk full?'}).")
