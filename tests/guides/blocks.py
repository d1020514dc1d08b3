"""The code blocks of a guide."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"
LINE = re.compile(r"^(?:#+ (?P<heading>.+)|```(?P<language>\w*))$")


class Block(NamedTuple):
    """A fenced block. Its `name` is the heading above it, with a number if it is not the first one below that."""

    name: str
    language: str
    code: str


def blocks_of(guide: Path, language: str) -> list[Block]:
    """The blocks in a language, in the order of the guide."""
    found: list[Block] = []
    below: Counter[str] = Counter()
    heading = ""
    lines = iter(guide.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if (match := LINE.match(line)) is None:
            continue
        if match["heading"] is not None:
            heading = match["heading"]
            continue
        code = []
        while (inside := next(lines)) != "```":
            code.append(inside)
        if match["language"] == language:
            below[heading] += 1
            name = heading if below[heading] == 1 else f"{heading} {below[heading]}"
            found.append(Block(name, language, "\n".join(code) + "\n"))
    return found
