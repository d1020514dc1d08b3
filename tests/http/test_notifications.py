"""Notifications over HTTP (protocol §13, `/notifications`)."""

from __future__ import annotations

from typing import Any

from duelcast.wire.timestamps import format_time
from tests.http.serving import Serving
from tests.http.test_problems import assert_problem

NOTIFICATIONS = "/api/v69/notifications"
INVITE = {"type": "CONTEST_INVITE", "title": "Come", "content": "We play."}


async def post(server: Serving, headers: dict[str, str] | None = None, **body: Any) -> Any:
    whom = {} if "broadcast" in body or "wallets" in body else {"wallets": ["ann"]}
    return await server.client.post(NOTIFICATIONS, json={**INVITE, **whom, **body}, headers=headers or server.admin)


async def test_an_admin_notifies_wallets(server: Serving) -> None:
    for link in ("/", "/contests/7?tab=chat"):
        assert (await post(server, link=link)).status_code == 200
    answer = await post(server, wallets=["ann", "bob", "ann", "no wallet"])
    assert (answer.status_code, answer.json()) == (200, {"created": 2, "duplicate": 1, "invalid": 1})


async def test_an_admin_announces(server: Serving) -> None:
    answers = [await post(server, broadcast=True, dedupeKey="k") for _ in range(2)]
    assert [answer.json()["created"] for answer in answers] == [1, 0]


async def test_everything_that_may_be_said_can_be_said(server: Serving) -> None:
    answer = await post(
        server,
        broadcast=False,
        wallets=["x" * 64],
        type="X" * 64,
        title="t" * 200,
        content="c" * 4_000,
        priority="urgent",
        link="https://example.org/a?b=c#d",
        data={"a": {"b": [None, 1.5, True]}},
        expires_at=format_time(server.clock.time() + 1),
        dedupeKey="k" * 128,
    )
    assert answer.json() == {"created": 1, "duplicate": 0, "invalid": 0}


async def test_data_is_no_deeper_than_the_frame_that_will_carry_it_may_be(server: Serving) -> None:
    data: dict[str, Any] = {}
    for _ in range(28):
        data = {"a": data}
    assert (await post(server, data=data)).status_code == 200
    assert_problem(await post(server, data={"a": data}), 400, "INVALID_MESSAGE")


async def test_ten_thousand_wallets_are_one_post(server: Serving) -> None:
    answer = await post(server, wallets=[f"wallet-{number}" for number in range(10_000)])
    assert answer.json() == {"created": 10_000, "duplicate": 0, "invalid": 0}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"wallets": None}, "wallets"),
    ({"wallets": None, "broadcast": False}, "wallets"),
    ({"broadcast": True, "wallets": ["ann"]}, "wallets"),
    ({"wallets": []}, "wallets"),
    ({"wallets": ["ann"] * 10_001}, "wallets"),
    ({"wallets": [1]}, "wallets[0]"),
    ({"type": "news"}, "type"),
    ({"type": "X" * 65}, "type"),
    ({"title": ""}, "title"),
    ({"title": "t" * 201}, "title"),
    ({"title": "a\0b"}, "title"),
    ({"content": "c" * 4_001}, "content"),
    ({"priority": "highest"}, "priority"),
    ({"link": "http://example.org"}, "link"),
    ({"link": "//example.org"}, "link"),
    ({"link": "/\\example.org"}, "link"),
    ({"link": "javascript:alert(1)"}, "link"),
    ({"link": "contests/1"}, "link"),
    ({"link": "/" + "x" * 2_048}, "link"),
    ({"data": []}, "data"),
    ({"data": {"a": "x" * 16_384}}, "data"),
    ({"data": {"a": 2**53}}, "data.a"),
    ({"expires_at": "2027-01-15T08:00:00"}, "expires_at"),
    ({"expires_at": "2027-01-15T08:00:00Z"}, "expires_at"),
    ({"dedupeKey": ""}, "dedupeKey"),
    ({"dedupeKey": "k" * 129}, "dedupeKey"),
    ({"dedupe_key": "k"}, "dedupe_key"),
]


async def test_what_is_wrong_is_named_and_nothing_is_stored(server: Serving) -> None:
    for change, field in WRONG:
        answer = await post(server, **change)
        assert_problem(answer, 400, "INVALID_REQUEST")
        assert answer.json()["field"] == field, change
    for missing in ("type", "title", "content"):
        body = {name: value for name, value in INVITE.items() if name != missing} | {"wallets": ["ann"]}
        answer = await server.client.post(NOTIFICATIONS, json=body, headers=server.admin)
        assert (answer.status_code, answer.json()["field"]) == (400, missing)
    assert (await server.client.get("/api/v69/audit", headers=server.admin)).json()["data"] == []


async def test_machines_with_the_scope_may_post_and_are_recorded(server: Serving) -> None:
    mailer = server.bearer("mailer", scopes=["notifications"])
    assert (await post(server, mailer)).json()["created"] == 1
    entries = (await server.client.get("/api/v69/audit", headers=server.admin)).json()["data"]
    assert [(entry["wallet"], entry["action"]) for entry in entries] == [("mailer", "notifications.post")]
    assert_problem(await server.client.delete(f"{NOTIFICATIONS}/1", headers=mailer), 403, "PERMISSION_DENIED")


async def test_others_may_not(server: Serving) -> None:
    assert_problem(await post(server, server.bearer("ann")), 403, "PERMISSION_DENIED")
    pricer = server.bearer("pricer", scopes=["prices"])
    assert_problem(await post(server, pricer), 403, "PERMISSION_DENIED")
    anonymous = await server.client.post(NOTIFICATIONS, json={**INVITE, "broadcast": True})
    assert_problem(anonymous, 401, "UNAUTHORIZED")


async def test_a_user_deletes_what_is_their_own(server: Serving) -> None:
    await post(server, wallets=["ann", "bob"])
    await post(server, broadcast=True)
    ann = server.bearer("ann")
    for number, status in ((1, 204), (1, 404), (2, 404), (3, 404), (99, 404)):
        answer = await server.client.delete(f"{NOTIFICATIONS}/{number}", headers=ann)
        assert answer.status_code == status, number
        if status == 404:
            assert_problem(answer, 404, "NOTIFICATION_NOT_FOUND")
    entries = (await server.client.get("/api/v69/audit", headers=server.admin)).json()["data"]
    assert {entry["action"] for entry in entries} == {"notifications.post"}


async def test_an_admin_deletes_any_and_it_is_recorded(server: Serving) -> None:
    await post(server, wallets=["ann"])
    assert (await server.client.delete(f"{NOTIFICATIONS}/1", headers=server.admin)).status_code == 204
    entry = (await server.client.get("/api/v69/audit", headers=server.admin)).json()["data"][0]
    assert (entry["action"], entry["target"]) == ("notifications.delete", "notifications/1")


async def test_what_is_no_id_is_refused(server: Serving) -> None:
    for number in ("0", "x", "-1", str(2**53)):
        answer = await server.client.delete(f"{NOTIFICATIONS}/{number}", headers=server.admin)
        assert answer.status_code in (400, 404)
