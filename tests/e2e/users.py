"""What an operator changes about users."""

from __future__ import annotations

from typing import Any

from duelcast.app import App
from duelcast.channels.names import Role
from tests.serving import http_client, token_for


async def put_user(app: App, wallet: str, **change: Any) -> None:
    """Change a user as a superadmin does (protocol §13, `PUT /users`): `nickname`, `role`, `banned`."""
    headers = {"Authorization": f"Bearer {token_for(app, 'operator', Role.SUPERADMIN)}"}
    async with http_client(app, "", headers=headers) as operator:
        answer = await operator.put(f"/api/v69/users/{wallet}", json=change)
    assert answer.status_code == 200, answer.text
