"""The form of an example, and the people in all examples."""

from __future__ import annotations

from typing import Any, NamedTuple

ADA = "5HsU4UXXD4SEwJV2X91YfcVNqnmdkmXH5jNC4QDitJWV"
BRUNO = "85tS3GF9XCKDjNVA3NbJuuwyYuE6BLwbSNj9DaSiZKLZ"
CHIDI = "8Z1E7yFVkkGkrjjHnkfHLxfinCJqAfzjgSsXkDxJX8YC"
MIRA = "SqDCAxRBotopkgdYAy8qzaoWZDJagh5ES2GnymPUPBr"


class Example(NamedTuple):
    """An operation in the story: a sentence about it, the body of the answer, and the body of the request, if any."""

    summary: str
    answer: Any
    body: Any = None
