"""The form of an example."""

from __future__ import annotations

from typing import Any, NamedTuple


class Example(NamedTuple):
    """An operation in the story: a sentence about it, the body of the answer, and the body of the request, if any."""

    summary: str
    answer: Any
    body: Any = None
