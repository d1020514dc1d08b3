"""The first line of the file of an epoch mark: whether reserved numbers of urgent channels are in use. Both values have
the same length, so that one can replace the other on a full disk."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

USED, UNUSED = b"urgent: used  \n", b"urgent: unused\n"


def put_mark(path: Path, *, used: bool) -> None:
    """Replace the first line of the file at `path`, if there is such a file."""
    with suppress(OSError):  # the file is gone; whoever looks for it will not take the numbers for unused
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.pwrite(descriptor, USED if used else UNUSED, 0)
        finally:
            os.close(descriptor)
