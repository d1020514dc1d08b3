"""The examples of the OpenAPI document: a server accepts each request, and its answer has the form of the example.

The operations are performed in the order of the story that their examples tell.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import httpx
import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.endpoints.documents.examples.story import ADA, BRUNO, CHIDI, MIRA
from tests.domain.accounts.wallets import Wallet
from tests.http.openapi_document import Described, example_of, json_bodies, operations
from tests.serving import client, http_client, running, token_for

FOUR_PM = 1_795_795_200
ADAS_KEY = b"ada".ljust(32, b".")
ANYBODY = ""


def has_form(value: Any, example: Any) -> bool:
    """Whether objects have the same keys, and values the same JSON types. Each example in a list must have the form of
    one of the list's values."""
    if isinstance(value, dict) and isinstance(example, dict):
        return value.keys() == example.keys() and all(has_form(value[name], example[name]) for name in value)
    if isinstance(value, list) and isinstance(example, list):
        return bool(value) == bool(example) and all(any(has_form(one, shown) for one in value) for shown in example)
    return json_type(value) == json_type(example)


def json_type(value: Any) -> Literal["null", "boolean", "number", "string", "container"]:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "string" if isinstance(value, str) else "container"


def portfolio(**weights: int) -> dict[str, Any]:
    return {"portfolio": [{"symbol": symbol, "weight": weight} for symbol, weight in weights.items()]}


def prices(**by_symbol: float) -> list[dict[str, Any]]:
    return [{"symbol": symbol, "price": price} for symbol, price in by_symbol.items()]


class Story:
    """A server whose clock stands still until `until`, and the operations that were performed as in their examples."""

    def __init__(self, app: App, http: httpx.AsyncClient, openapi: Described) -> None:
        self.performed: set[str] = set()
        self._app = app
        self._http = http
        self._operations = {operation["operationId"]: (name, operation) for name, operation in operations(openapi)}

    def example(self, name: str, body: str) -> Any:
        """The example of a body of the operation `name`: of a status, or of `request`; None if there is no body."""
        _, operation = self._operations[name]
        return example_of(operation, body) if body in dict(json_bodies(operation)) else None

    async def request(
        self, name: str, by: str, body: Any, parameters: dict[str, Any], *, token: str | None = None
    ) -> httpx.Response:
        """The answer to a request of the operation `name`; `token` is that of a caller who signed in."""
        if by != ANYBODY:
            token = token_for(self._app, by, Role.ADMIN if by == MIRA else Role.USER)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        route, _ = self._operations[name]
        method, path = route.format(**parameters).split()
        query = {key: value for key, value in parameters.items() if f"{{{key}}}" not in route}
        return await self._http.request(method, path, params=query, json=body, headers=headers)

    async def perform(
        self,
        name: str,
        /,
        by: str = ANYBODY,
        *,
        token: str | None = None,
        changes: dict[str, Any] | None = None,
        **parameters: Any,
    ) -> Any:
        """Perform an operation with the body of its example, in which `changes` replace fields. Returns the answer,
        which has the form of its example."""
        body = self.example(name, "request")
        answer = await self.request(name, by, body | changes if changes else body, parameters, token=token)
        assert answer.is_success, f"{name}: {answer.text}"
        expected = self.example(name, str(answer.status_code))
        assert has_form(answer.json(), expected), f"{name}: {answer.json()} differs from {expected}"
        self.performed.add(name)
        return answer.json()

    async def do(self, name: str, /, by: str, body: Any, **parameters: Any) -> None:
        """Perform an operation with another body than that of its example."""
        answer = await self.request(name, by, body, parameters)
        assert answer.is_success, f"{name}: {answer.text}"

    async def until(self, hour: int, minute: int) -> None:
        """Let time pass until then on that day (UTC)."""
        assert isinstance(self._app.clock, ManualClock)
        await self._app.clock.advance(FOUR_PM + (hour - 16) * 3600 + minute * 60 - self._app.clock.time())


async def test_a_server_accepts_every_example_and_answers_in_the_form_of_the_examples() -> None:
    async with running(ManualClock(FOUR_PM), rate_limit_factor=0) as app, http_client(app, "") as http:
        openapi = (await http.get("/openapi.json")).json()
        story = Story(app, http, openapi)
        perform = story.perform

        await perform("getHealth")
        await perform("getReadiness")
        await perform("postPrices", MIRA)
        await perform("postTrades", MIRA)
        await perform("putToken", MIRA, symbol="SOL")
        await perform("getToken", symbol="SOL")
        await perform("listTokens")
        await perform("putSetting", MIRA, key="pages.banner")
        await perform("getSetting", MIRA, key="pages.banner")
        await perform("listSettings", MIRA)
        await perform("getSettingHistory", MIRA, key="pages.banner")

        asked = await perform("createChallenge")
        signed = {"challengeId": asked["challengeId"], "signature": Wallet(ADAS_KEY).sign(asked["message"])}
        signed_in = await perform("verifyChallenge", changes=signed)
        await perform("refreshToken", token=signed_in["token"])
        await perform("updateMe", ADA)
        await perform("putUser", MIRA, wallet=CHIDI)
        await perform("listUsers", MIRA)

        await perform("createContest", MIRA)
        await perform("cancelContest", MIRA, contest_id=1)
        await perform("createContest", MIRA)
        await story.until(16, 5)
        await perform("updateContest", MIRA, contest_id=2)
        await perform("enterContest", ADA, contest_id=2)
        await story.do("enterContest", BRUNO, portfolio(SOL=20, BTC=80), contest_id=2)
        await story.do("enterContest", CHIDI, portfolio(BTC=100), contest_id=2)
        await story.until(16, 59)
        await perform("startContest", MIRA, contest_id=2)
        await story.until(17, 3)
        await story.do("postPrices", MIRA, prices(SOL=147))
        await story.until(17, 4)
        await story.do("postPrices", MIRA, prices(SOL=150, BTC=96_000))
        await perform("getTokenHistory", symbol="SOL")
        await perform("listSparklines", symbols="BTC,SOL")
        await story.until(17, 5)
        await perform("listContests")
        await perform("getContest", contest_id=2)
        await perform("changePortfolio", ADA, contest_id=2)
        await perform("getMyEntry", ADA, contest_id=2)
        await perform("listMyTrades", ADA, contest_id=2)
        await perform("listTrades", MIRA, contest_id=2, wallet=ADA)
        await perform("getLeaderboard", contest_id=2)
        await perform("updateEntry", MIRA, contest_id=2, wallet=BRUNO)
        await perform("getEntry", MIRA, contest_id=2, wallet=BRUNO)
        await perform("listEntries", MIRA, contest_id=2)
        await perform("putMute", MIRA, contest_id=2, wallet=BRUNO)
        await perform("listMutes", MIRA, contest_id=2)
        await story.until(17, 45)
        async with client(app, "notifications", token=token_for(app, ADA)) as winner:
            await perform("endContest", MIRA, contest_id=2)
            while "LEVEL_UP" not in str(await winner.receive()):
                pass
        await perform("getSettlement", contest_id=2)
        await perform("listMyContests", ADA)
        await perform("getMe", ADA)
        await perform("getUser", wallet=ADA)
        await perform("createNotifications", MIRA)

        await story.until(18, 0)
        await perform("putService", MIRA, name="payouts")
        await perform("postOperations", MIRA, name="payouts")
        await perform("getService", MIRA, name="payouts")
        await perform("listServices", MIRA)
        await perform("listNodes", MIRA)
        await story.do("postOperations", MIRA, [{"ok": False, "durationMs": 5000}] * 5, name="payouts")
        await perform("listAlerts", MIRA)
        await perform("postError", MIRA)
        await perform("listAuditEntries", MIRA)

    with_examples = {
        operation["operationId"]
        for _, operation in operations(openapi)
        for body, content in json_bodies(operation)
        if body.startswith("2") and "examples" in content
    }
    assert story.performed == with_examples


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[App]:
    """One server for all refusals."""
    async with running(rate_limit_factor=0) as app:
        yield app


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("name", "by", "parameters", "body", "status"),
    [
        ("enterContest", ADA, {"contest_id": 1}, {}, 400),
        ("createContest", ANYBODY, {}, {}, 401),
        ("createContest", ADA, {}, {}, 403),
        ("getContest", ANYBODY, {"contest_id": 1}, None, 404),
        ("getToken", ANYBODY, {"symbol": "NONE"}, None, 404),
        ("getUser", ANYBODY, {"wallet": BRUNO}, None, 404),
        ("getService", MIRA, {"name": "none"}, None, 404),
        ("getSetting", MIRA, {"key": "none"}, None, 404),
        ("deleteNotification", ADA, {"notification_id": 1}, None, 404),
        ("updateMe", ADA, {}, {"nickname": "n" * 20_000}, 413),
    ],
)
async def test_a_refusal_has_the_form_and_the_code_of_its_example(
    app: App, name: str, by: str, parameters: dict[str, Any], body: Any, status: int
) -> None:
    async with http_client(app, "") as http:
        story = Story(app, http, (await http.get("/openapi.json")).json())
        answer = await story.request(name, by, body, parameters)
    expected = story.example(name, str(status))
    assert (answer.status_code, answer.json()["code"]) == (status, expected["code"])
    assert has_form(answer.json(), expected)
