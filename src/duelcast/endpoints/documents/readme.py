"""The table of endpoints in the README, between two marks."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from duelcast.endpoints.documents.tables import who_may_connect
from duelcast.endpoints.kit import Endpoint
from duelcast.endpoints.registry import find_endpoints

BEGIN = "<!-- endpoints: written by `make docs` -->\n"
END = "<!-- end of endpoints -->\n"


def with_endpoints(page: str, endpoints: Iterable[Endpoint]) -> str:
    """The page with a table of `endpoints` between its marks. Raises `ValueError` where it lacks them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, behind = rest.partition(END)
    if not (begin and end):
        raise ValueError("the page has no marks for the table")
    return before + BEGIN + _table(endpoints) + END + behind


def _table(endpoints: Iterable[Endpoint]) -> str:
    cells = [
        (f"[`{endpoint.name}`](docs/protocol.md#{endpoint.name})", endpoint.description, who_may_connect(endpoint))
        for endpoint in sorted(endpoints, key=lambda endpoint: endpoint.name)
    ]
    rows = [("endpoint", "what it carries", "who may connect"), ("---", "---", "---"), *cells]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(with_endpoints(readme.read_text(encoding="utf-8"), find_endpoints().values()), encoding="utf-8")
