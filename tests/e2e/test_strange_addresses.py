"""Whatever stands for a parameter of the HTTP API, the answer is no defect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from duelcast.channels.names import Role
from tests.serving import http_client, running, token_for

STRANGE = ("%00", "%ED%A0%80", "%F0%9F%98%80", "9007199254740991", "99999999999999999999", "-1", "a" * 300)
"""U+0000, a surrogate, an emoji, the greatest integer of JSON, one beyond 64 bits, and a long text."""
PARAMETER = re.compile(r"\{[^}]*\}")


def addresses(document: dict[str, Any], strange: str) -> Iterator[tuple[str, str]]:
    """Methods, and addresses with `strange` in place of a parameter."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if PARAMETER.search(path):
                yield method, PARAMETER.sub(strange, path)
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    yield method, f"{PARAMETER.sub('1', path)}?{parameter['name']}={strange}"


@pytest.mark.parametrize("strange", STRANGE)
async def test_no_address_is_a_defect(strange: str) -> None:
    async with running(rate_limit_factor=0) as app:
        headers = {"Authorization": f"Bearer {token_for(app, 'boss', Role.SUPERADMIN)}"}
        async with http_client(app, "", headers=headers) as http:
            terms = {"name": "Cup", "start_time": "2036-01-01T00:00:00Z", "end_time": "2036-01-02T00:00:00Z"}
            assert (await http.post("/api/v69/contests", json=terms)).json()["id"] == 1
            document = (await http.get("/openapi.json")).json()
            asked = list(addresses(document, strange))
            for method, address in asked:
                answer = await http.request(method.upper(), address)
                assert answer.status_code < 500, (method, address, answer.text)
    assert len(asked) > 50
