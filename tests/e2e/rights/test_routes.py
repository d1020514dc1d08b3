"""Every HTTP route × everybody who may call (protocol §1.2, §13).

`.` the rights suffice, whatever else is wrong · `T` a token is needed (401) · `R` a right is missing (403).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from tests.e2e.rights.callers import CALLERS, OWNER, Caller, ban, differences, table
from tests.serving import client, http_client, running, token_for

MARKS = {401: "T", 403: "R"}
# Anonymous, bad token, expired token, user, owner, admin, superadmin, banned; machines with the scopes prices,
# operations, errors, notifications, metrics, wonders.
ROUTES = table(
    """
    GET /api/v69/tokens                                          . T T . . . . R   R R R R R R
    GET /api/v69/tokens/sparklines                               . T T . . . . R   R R R R R R
    GET /api/v69/tokens/{symbol}                                 . T T . . . . R   R R R R R R
    PUT /api/v69/tokens/{symbol}                                 T T T R R . . R   R R R R R R
    GET /api/v69/tokens/{symbol}/history                         . T T . . . . R   R R R R R R
    POST /api/v69/tokens/prices                                  T T T R R . . R   . R R R R R
    POST /api/v69/tokens/trades                                  T T T R R . . R   . R R R R R
    GET /api/v69/users                                           T T T R R . . R   R R R R R R
    GET /api/v69/users/me                                        T T T . . . . R   R R R R R R
    PATCH /api/v69/users/me                                      T T T . . . . R   R R R R R R
    GET /api/v69/users/{wallet}                                  . T T . . . . R   R R R R R R
    PUT /api/v69/users/{wallet}                                  T T T R R . . R   R R R R R R
    GET /api/v69/users/me/contests                               T T T . . . . R   R R R R R R
    GET /api/v69/contests                                        . T T . . . . R   R R R R R R
    POST /api/v69/contests                                       T T T R R . . R   R R R R R R
    GET /api/v69/contests/{contest_id}                           . T T . . . . R   R R R R R R
    PATCH /api/v69/contests/{contest_id}                         T T T R R . . R   R R R R R R
    GET /api/v69/contests/{contest_id}/leaderboard               . T T . . . . R   R R R R R R
    GET /api/v69/contests/{contest_id}/settlement                . T T . . . . R   R R R R R R
    POST /api/v69/contests/{contest_id}/start                    T T T R R . . R   R R R R R R
    POST /api/v69/contests/{contest_id}/end                      T T T R R . . R   R R R R R R
    POST /api/v69/contests/{contest_id}/cancel                   T T T R R . . R   R R R R R R
    GET /api/v69/contests/{contest_id}/entries                   . T T . . . . R   R R R R R R
    GET /api/v69/contests/{contest_id}/entries/{wallet}          T T T R . . . R   R R R R R R
    PATCH /api/v69/contests/{contest_id}/entries/{wallet}        T T T R R . . R   R R R R R R
    DELETE /api/v69/contests/{contest_id}/chat/{message_id}      T T T R R . . R   R R R R R R
    GET /api/v69/contests/{contest_id}/mutes                     T T T R R . . R   R R R R R R
    PUT /api/v69/contests/{contest_id}/mutes/{wallet}            T T T R R . . R   R R R R R R
    DELETE /api/v69/contests/{contest_id}/mutes/{wallet}         T T T R R . . R   R R R R R R
    POST /api/v69/contests/{contest_id}/entries                  T T T . . . . R   R R R R R R
    PUT /api/v69/contests/{contest_id}/entries/me/portfolio      T T T . . . . R   R R R R R R
    GET /api/v69/contests/{contest_id}/entries/me                T T T . . . . R   R R R R R R
    DELETE /api/v69/contests/{contest_id}/entries/me             T T T . . . . R   R R R R R R
    GET /api/v69/contests/{contest_id}/entries/me/trades         T T T . . . . R   R R R R R R
    GET /api/v69/contests/{contest_id}/entries/{wallet}/trades   T T T R . . . R   R R R R R R
    GET /api/v69/audit                                           T T T R R . . R   R R R R R R
    GET /api/v69/nodes                                           T T T R R . . R   R R R R R R
    GET /api/v69/alerts                                          T T T R R . . R   R R R R R R
    GET /api/v69/services                                        T T T R R . . R   R R R R R R
    GET /api/v69/services/{name}                                 T T T R R . . R   R R R R R R
    PUT /api/v69/services/{name}                                 T T T R R . . R   R R R R R R
    DELETE /api/v69/services/{name}                              T T T R R . . R   R R R R R R
    POST /api/v69/services/{name}/operations                     T T T R R . . R   R . R R R R
    POST /api/v69/errors                                         T T T R R . . R   R R . R R R
    GET /api/v69/settings                                        T T T R R . . R   R R R R R R
    GET /api/v69/settings/{key}                                  T T T R R . . R   R R R R R R
    PUT /api/v69/settings/{key}                                  T T T R R . . R   R R R R R R
    DELETE /api/v69/settings/{key}                               T T T R R . . R   R R R R R R
    GET /api/v69/settings/{key}/history                          T T T R R . . R   R R R R R R
    POST /api/v69/notifications                                  T T T R R . . R   R R R . R R
    DELETE /api/v69/notifications/{notification_id}              T T T . . . . R   R R R R R R
    POST /api/v69/auth/challenge                                 . T T . . . . R   R R R R R R
    POST /api/v69/auth/verify                                    . T T . . . . R   R R R R R R
    POST /api/v69/auth/refresh                                   T T T T T T T R   R R R R R R
    POST /api/v69/auth/logout                                    T T T . . . . R   R R R R R R
    GET /                                                        . . . . . . . .   . . . . . .
    GET /asyncapi.json                                           . . . . . . . .   . . . . . .
    GET /openapi.json                                            . . . . . . . .   . . . . . .
    GET /docs                                                    . . . . . . . .   . . . . . .
    GET /docs/clients                                            . . . . . . . .   . . . . . .
    GET /healthz                                                 . . . . . . . .   . . . . . .
    GET /readyz                                                  . . . . . . . .   . . . . . .
    GET /metrics                                                 . . . . . . . .   . . . . . .
    """
)
"""A row for each. A token that no sign-in made cannot be refreshed, whosever it is; a notification of somebody else is
as good as none."""

OPERATORS = table(
    """
    GET /                                                        . . . . . . . .   . . . . . .
    GET /asyncapi.json                                           T T T R R . . R   R R R R R R
    GET /openapi.json                                            T T T R R . . R   R R R R R R
    GET /docs                                                    T T T R R . . R   R R R R R R
    GET /docs/clients                                            T T T R R . . R   R R R R R R
    GET /healthz                                                 . . . . . . . .   . . . . . .
    GET /readyz                                                  . . . . . . . .   . . . . . .
    GET /metrics                                                 T T T R R . . R   R R R R . R
    """
)
"""The same at the root if `public_ops` is off."""


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running(rate_limit_factor=0) as made:
        ban(made)
        yield made


class Desk:
    """Makes what the paths name, as often as something is needed anew."""

    def __init__(self, app: App, http: httpx.AsyncClient) -> None:
        self.app = app
        self.http = http
        self.admin = {"Authorization": f"Bearer {token_for(app, 'boss', Role.ADMIN)}"}

    async def make(self, path: str, **body: Any) -> Any:
        answer = await self.http.post(f"/api/v69{path}", json=body, headers=self.admin)
        assert answer.is_success, answer.text
        return answer.json()

    async def contest(self) -> int:
        """A contest that the owner entered."""
        times = {"start_time": "2099-01-01T00:00:00Z", "end_time": "2099-01-02T00:00:00Z"}
        made: int = (await self.make("/contests", name="Rights", **times))["id"]
        token = token_for(self.app, OWNER)
        entered = await self.http.post(
            f"/api/v69/contests/{made}/entries",
            json={"portfolio": [{"symbol": "SOL", "weight": 100}]},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert entered.is_success, entered.text
        return made

    async def notification(self) -> int:
        """A notification of the owner."""
        await self.make("/notifications", wallets=[OWNER], type="SYSTEM", title="Hello", content="you")
        async with client(self.app, "notifications", token=token_for(self.app, OWNER)) as owner:
            found: int = (await owner.ask(type="get_unread"))["data"][0]["id"]
        return found


async def ask(desk: Desk, method: str, path: str, caller: Caller) -> str:
    """The mark of what is answered to a body that is an empty object."""
    token = caller.token_for(desk.app)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = await desk.http.request(method, path, headers=headers, json={})
    assert answer.status_code < 500, answer.text
    return MARKS.get(answer.status_code, ".")


async def rights(app: App, paths: dict[str, Any]) -> dict[str, str]:
    """The rows of all routes in `paths`, which are those of an OpenAPI document."""
    seen = {}
    async with http_client(app, "") as http:
        desk = Desk(app, http)
        await http.post("/api/v69/tokens/prices", json=[{"symbol": "SOL", "price": 100}], headers=desk.admin)
        for path, item in paths.items():
            for method in item:
                names: dict[str, object] = {
                    "wallet": OWNER,
                    "symbol": "SOL",
                    "name": "no",
                    "key": "no",
                    "message_id": 1,
                }
                if "{contest_id}" in path:
                    names["contest_id"] = await desk.contest()
                if "{notification_id}" in path:
                    names["notification_id"] = await desk.notification()
                marks = [await ask(desk, method.upper(), path.format(**names), caller) for caller in CALLERS]
                seen[f"{method.upper()} {path}"] = "".join(marks)
    return seen


async def paths_of(app: App) -> dict[str, Any]:
    async with http_client(app, "") as http:
        headers = {"Authorization": f"Bearer {token_for(app, 'boss', Role.ADMIN)}"}
        paths: dict[str, Any] = (await http.get("/openapi.json", headers=headers)).json()["paths"]
    return paths


async def test_every_route_lets_in_whom_the_table_names_and_nobody_else(app: App) -> None:
    assert sorted(differences(ROUTES, await rights(app, await paths_of(app)))) == []


async def test_what_is_for_operators_alone_by_configuration_is_for_them_alone() -> None:
    async with running(rate_limit_factor=0, public_ops=False) as app:
        ban(app)
        paths = {path: item for path, item in (await paths_of(app)).items() if not path.startswith("/api/")}
        assert sorted(differences(OPERATORS, await rights(app, paths))) == []
