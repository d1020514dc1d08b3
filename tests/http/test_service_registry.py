from __future__ import annotations

from typing import Any

import pytest

from duelcast.http.service_registry import MAX_OPERATIONS
from tests.http.serving import Serving

REPORTED = {"kind": "reported", "layer": "wallet"}
OPERATION = {"ok": True, "durationMs": 1}


@pytest.mark.parametrize("count", [0, MAX_OPERATIONS + 1])
async def test_operations_are_posted_in_portions(server: Serving, count: int) -> None:
    put = await server.client.put("/api/v69/services/payments", json=REPORTED, headers=server.admin)
    assert put.status_code == 200
    answer = await _post(server, [OPERATION] * count)
    assert (answer["status"], answer["code"]) == (400, "INVALID_REQUEST")
    assert await _post(server, [OPERATION] * MAX_OPERATIONS) == {"accepted": MAX_OPERATIONS}


async def test_the_bounds_of_a_portion_are_documented(server: Serving) -> None:
    document = (await server.client.get("/openapi.json")).json()
    operation = document["paths"]["/api/v69/services/{name}/operations"]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert (schema["minItems"], schema["maxItems"]) == (1, MAX_OPERATIONS)


async def _post(server: Serving, operations: list[dict[str, Any]]) -> Any:
    answer = await server.client.post("/api/v69/services/payments/operations", json=operations, headers=server.admin)
    return answer.json()
