"""Tokens: where they are looked for, what they give, and how they end (protocol §1.2)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import Account
from tests.e2e.arena import ADMIN, PRIVATE, Secret
from tests.e2e.arenas import arenas, signed
from tests.e2e.ending import Ending, ending_of
from tests.e2e.following import notebook_of
from tests.e2e.users import put_user
from tests.serving import Client, Frame, client, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[App]:
    """One server for the tests that do not move its clock; each has wallets of its own."""
    async with arenas(rate_limit_factor=0) as app:
        notebook_of(app)
        yield app


async def established(app: App, endpoint: str, query: str = "", **options: Any) -> Frame:
    """The `connection_established` of a connection."""
    async with client(app, endpoint, query, greeted=False, **options) as newcomer:
        return (await newcomer.receive_until(type="connection_established"))[-1]


async def refusal(app: App, endpoint: str, query: str = "", **options: Any) -> Ending:
    """How the server ends a connection that it does not let in."""
    async with client(app, endpoint, query, greeted=False, **options) as newcomer:
        return await ending_of(newcomer)


async def wallet_of(app: App, query: str = "", **options: Any) -> str | None:
    """Whose connection it is, None for nobody."""
    user = (await established(app, "open", query, **options))["user"]
    return None if user is None else user["wallet_address"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# ── where a token is looked for ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_comes_in_the_authorization_header(app: App) -> None:
    assert await wallet_of(app, additional_headers=bearer(token_for(app, "w1"))) == "w1"


async def test_the_scheme_bearer_is_read_in_any_case_and_others_are_ignored(app: App) -> None:
    token = token_for(app, "w1")
    assert await wallet_of(app, additional_headers={"Authorization": f"bEARER {token}"}) == "w1"
    assert await wallet_of(app, additional_headers={"Authorization": f"Basic {token}"}) is None


async def test_a_token_comes_as_a_sub_protocol(app: App) -> None:
    token = token_for(app, "w1")
    async with client(app, "open", subprotocols=["v69", token], greeted=False) as newcomer:
        frames = await newcomer.receive_until(type="connection_established")
        assert newcomer.ws.subprotocol == "v69"
    assert frames[-1]["user"]["wallet_address"] == "w1"


async def test_a_token_that_is_the_only_sub_protocol_is_answered(app: App) -> None:
    token = token_for(app, "w1")
    async with client(app, "open", subprotocols=[token]) as newcomer:
        assert newcomer.ws.subprotocol == token


async def test_a_token_comes_in_the_query(app: App) -> None:
    assert await wallet_of(app, f"?token={token_for(app, 'w1')}") == "w1"


async def test_a_token_comes_in_the_cookie_session(app: App) -> None:
    cookie = f"theme=dark; session={token_for(app, 'w1')}; other=1"
    assert await wallet_of(app, additional_headers={"Cookie": cookie}) == "w1"


@pytest.mark.parametrize("first", [0, 1, 2, 3])
async def test_the_first_source_that_holds_something_decides(app: App, first: int) -> None:
    tokens = [token_for(app, f"source{index}") for index in range(4)]
    headers = {"Cookie": f"session={tokens[3]}"} | (bearer(tokens[0]) if first == 0 else {})
    query = f"?token={tokens[2]}" if first <= 2 else ""
    protocols = ["v69", tokens[1]] if first <= 1 else None
    assert await wallet_of(app, query, additional_headers=headers, subprotocols=protocols) == f"source{first}"


@pytest.mark.parametrize(("first", "bad"), [(0, "Authorization"), (1, "sub-protocol"), (2, "query")])
async def test_a_bad_token_of_an_earlier_source_is_not_replaced_by_a_later_one(app: App, first: int, bad: str) -> None:
    good = token_for(app, "later")
    headers = {"Cookie": f"session={good}"} | (bearer("a.b.c") if bad == "Authorization" else {})
    query = "?token=a.b.c" if bad == "query" else (f"?token={good}" if first < 2 else "")
    protocols = ["a.b.c"] if bad == "sub-protocol" else None
    ending = await refusal(app, "members", query, additional_headers=headers, subprotocols=protocols)
    assert (ending.error["code"], ending.code) == ("UNAUTHORIZED", 4001)


@pytest.mark.parametrize(("endpoint", "query"), [("members", ""), ("admins", ""), ("members", "?endpoint=cellar")])
async def test_who_comes_without_a_token_is_told_how_to_come_again(app: App, endpoint: str, query: str) -> None:
    """An `auth` on this connection would come too late."""
    text = (await refusal(app, endpoint, query)).error["message"]
    assert "connect again" in text
    assert "`Authorization`" in text
    assert "`Sec-WebSocket-Protocol`" in text
    assert "`?auth=message`" in text
    assert ("`?endpoint=lobby`" in text) == (endpoint == "members")


async def test_who_was_let_in_without_a_token_is_told_to_send_auth_here(app: App) -> None:
    async with client(app, "members", "?endpoint=lobby") as visitor:
        refused = await visitor.ask(type="announce", text="hear")
        denied = await visitor.ask(type="subscribe", channel="private.somebody")
    assert (refused["code"], denied["code"]) == ("UNAUTHORIZED", "SUBSCRIPTION_DENIED")
    for text in (refused["message"], denied["message"]):
        assert "send `auth`" in text
        assert "connect again" not in text


async def test_who_has_a_token_of_too_low_a_role_is_not_told_to_send_one(app: App) -> None:
    async with client(app, "members", token=token_for(app, "w1")) as user:
        denied = await user.ask(type="subscribe", channel="private.somebody")
    assert denied["code"] == "SUBSCRIPTION_DENIED"
    assert "`auth`" not in denied["message"]


async def test_an_empty_source_counts_as_none(app: App) -> None:
    headers = {"Authorization": "Bearer ", "Cookie": f"session={token_for(app, 'cookie')}"}
    assert await wallet_of(app, "?token=", additional_headers=headers) == "cookie"


async def test_an_empty_cookie_counts_as_none(app: App) -> None:
    ending = await refusal(app, "members", additional_headers={"Cookie": "session="})
    assert ending.error["code"] == "UNAUTHORIZED"
    lobby = await established(app, "members", "?endpoint=lobby", additional_headers={"Cookie": "session="})
    assert lobby["authenticated"] is False


@pytest.mark.parametrize("expired", [True, False])
async def test_an_invalid_or_expired_cookie_counts_as_none(app: App, expired: bool) -> None:
    cookie = signed(app, sub="w1", exp=app.clock.time() - 3600) if expired else "no.good.cookie"
    lobby = await established(app, "members", "?endpoint=lobby", additional_headers={"Cookie": f"session={cookie}"})
    assert lobby["authenticated"] is False


async def test_the_token_of_the_query_can_be_switched_off() -> None:
    async with arenas(query_token=False) as app:
        token = token_for(app, "w1")
        assert await wallet_of(app, f"?token={token}") is None
        assert await wallet_of(app, f"?token={token}", additional_headers=bearer(token)) == "w1"
        assert (await refusal(app, "members", f"?token={token}")).code == 4001


# ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_gives_wallet_nickname_role_and_the_end_of_the_connection(app: App) -> None:
    token = signed(app, wallet_address="w1", sub="other", role="admin", nickname="Comet", exp=1_800_003_600)
    answer = await established(app, "open", token=token)
    assert answer["authenticated"] is True
    assert answer["user"] == {"wallet_address": "w1", "nickname": "Comet", "role": "admin"}
    assert answer["expiresAt"] == "2027-01-15T09:00:00.000Z"


async def test_the_wallet_is_the_subject_where_no_wallet_address_is_claimed(app: App) -> None:
    assert (await established(app, "open", token=signed(app, sub="Sub_1")))["user"] == {
        "wallet_address": "Sub_1",
        "nickname": None,
        "role": "user",
    }


@pytest.mark.parametrize(
    ("claimed", "role"),
    [("user", "user"), ("admin", "admin"), ("superadmin", "superadmin"), ("root", "user"), (7, "user")],
)
async def test_an_unknown_role_is_that_of_a_user(app: App, claimed: object, role: str) -> None:
    assert (await established(app, "open", token=signed(app, sub="w1", role=claimed)))["user"]["role"] == role


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": "white space"},
        {"sub": "x" * 65},
        {"sub": 7},
        {"sub": "w1", "exp": None},
        {"sub": "w1", "exp": "tomorrow"},
        {"sub": "w1", "exp": 1_799_999_970},
        {"sub": "w1", "nbf": 1_800_000_031},
        {"sub": "w1", "secret": "another secret that also has thirty-two bytes"},
        {"sub": "w1", "algorithm": "HS512"},
    ],
)
async def test_a_token_that_does_not_hold_is_unauthorized_and_closed_with_4001(app: App, claims: Any) -> None:
    ending = await refusal(app, "members", token=signed(app, **claims))
    assert [each["code"] for each in ending.frames] == ["UNAUTHORIZED"]
    assert ending.code == 4001


@pytest.mark.parametrize("claims", [{"exp": 1_799_999_971}, {"nbf": 1_800_000_030}])
async def test_clocks_may_be_30_seconds_apart(app: App, claims: dict[str, Any]) -> None:
    assert (await established(app, "members", token=signed(app, sub="w1", **claims)))["authenticated"] is True


async def test_issuer_and_audience_are_demanded_where_they_are_configured() -> None:
    async with arenas(jwt_issuer="us", jwt_audience="players") as app:
        assert await wallet_of(app, token=signed(app, sub="w1", iss="us", aud=["players", "others"])) == "w1"
        assert await wallet_of(app, token=signed(app, sub="w1", iss="them", aud="players")) is None
        assert await wallet_of(app, token=signed(app, sub="w1", iss="us", aud="others")) is None
        assert await wallet_of(app, token=signed(app, sub="w1")) is None


async def test_a_stored_role_and_nickname_win_over_the_claims(app: App) -> None:
    await put_user(app, "stored", role="admin", nickname="Stored")
    token = token_for(app, "stored", Role.SUPERADMIN, nickname="Claimed")
    assert (await established(app, "admins", token=token))["user"] == {
        "wallet_address": "stored",
        "nickname": "Stored",
        "role": "admin",
    }


async def test_a_claimed_nickname_that_another_wallet_has_stored_counts_as_null(app: App) -> None:
    await put_user(app, "owner", nickname="Taken")
    answer = await established(app, "open", token=token_for(app, "borrower", nickname="tAKEN"))
    assert answer["user"]["nickname"] is None


@pytest.mark.parametrize("endpoint", ["members", "admins"])
async def test_a_token_of_a_machine_may_not_connect(app: App, endpoint: str) -> None:
    ending = await refusal(app, endpoint, token=token_for(app, "machine", Role.SUPERADMIN, scopes=["prices"]))
    assert ending.code in {4001, 4003}


@pytest.mark.parametrize("scope", ["", 0, {}])
@pytest.mark.parametrize("endpoint", ["members", "admins"])
async def test_a_token_whose_scope_cannot_be_read_is_nobodys(app: App, endpoint: str, scope: object) -> None:
    token = signed(app, sub="machine", role="superadmin", scope=scope)
    ending = await refusal(app, endpoint, token=token)
    assert ending.code == 4001
    assert await wallet_of(app, token=token) is None


async def test_a_token_of_a_machine_is_nobody_on_a_public_endpoint(app: App) -> None:
    assert await wallet_of(app, token=token_for(app, "machine", scopes=["prices"])) is None


# ── who gets in ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("endpoint", ["market-data", "token-data", "open"])
@pytest.mark.parametrize("token", ["garbage", "a.b.c"])
async def test_a_public_endpoint_takes_a_bad_token_for_nobody(app: App, endpoint: str, token: str) -> None:
    answer = await established(app, endpoint, token=token)
    assert (answer["authenticated"], answer["user"], answer["expiresAt"]) == (False, None, None)


async def test_a_public_endpoint_takes_an_expired_or_banned_token_for_nobody(app: App) -> None:
    await put_user(app, "outlaw", banned=True)
    assert await wallet_of(app, token=token_for(app, "outlaw")) is None
    assert await wallet_of(app, token=signed(app, sub="w1", exp=app.clock.time() - 3600)) is None


@pytest.mark.parametrize("endpoint", ["members", "admins"])
async def test_without_a_token_a_client_is_upgraded_told_and_closed_with_4001(app: App, endpoint: str) -> None:
    ending = await refusal(app, endpoint)
    assert [each["code"] for each in ending.frames] == ["UNAUTHORIZED"]
    assert ending.code == 4001


async def test_a_banned_wallet_is_denied_and_closed_with_4003(app: App) -> None:
    await put_user(app, "banned", banned=True)
    ending = await refusal(app, "members", token=token_for(app, "banned"))
    assert [each["code"] for each in ending.frames] == ["PERMISSION_DENIED"]
    assert ending.code == 4003


async def test_an_endpoint_for_admins_denies_a_user_and_closes_with_4003(app: App) -> None:
    ending = await refusal(app, "admins", token=token_for(app, "mere"))
    assert [each["code"] for each in ending.frames] == ["PERMISSION_DENIED"]
    assert ending.code == 4003


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPERADMIN])
async def test_an_endpoint_for_admins_lets_admins_in(app: App, role: Role) -> None:
    answer = await established(app, "admins", token=token_for(app, "boss", role))
    assert answer["user"]["role"] == role.name.lower()


async def test_a_public_name_lets_a_client_in_without_a_token(app: App) -> None:
    answer = await established(app, "members", "?endpoint=lobby")
    assert (answer["endpoint"], answer["authenticated"]) == ("members", False)


async def test_a_public_name_changes_nothing_with_a_valid_token(app: App) -> None:
    token = token_for(app, "w1")
    answer = await established(app, "members", "?endpoint=lobby", token=token)
    assert answer["user"]["wallet_address"] == "w1"


@pytest.mark.parametrize(("endpoint", "name"), [("members", "cellar"), ("admins", "lobby"), ("members", "")])
async def test_a_name_that_is_not_public_here_changes_nothing(app: App, endpoint: str, name: str) -> None:
    assert (await refusal(app, endpoint, f"?endpoint={name}")).code == 4001


# ── a token in a message ────────────────────────────────────────────────────────────────────────────────────────────


async def test_with_auth_message_nothing_is_sent_before_the_token_is_accepted(app: App) -> None:
    async with client(app, "members", "?auth=message", greeted=False) as newcomer:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await newcomer.receive()
        await newcomer.send(type="auth", token=token_for(app, "w1"))
        frames = await newcomer.receive_until(type="connection_established")
    assert [each["type"] for each in frames] == ["auth_success", "welcome", "connection_established"]
    assert frames[0]["user"] == {"wallet_address": "w1", "nickname": None, "role": "user"}
    assert frames[0]["expiresAt"] == frames[-1]["expiresAt"]


@pytest.mark.parametrize("token", ["good", "bad", None])
async def test_the_answer_to_the_token_carries_its_request_id(app: App, token: str | None) -> None:
    named = {"good": {"token": token_for(app, "w1")}, "bad": {"token": "no.good.token"}, None: {}}[token]
    async with client(app, "members", "?auth=message", greeted=False) as newcomer:
        await newcomer.send(type="auth", requestId="r1", **named)
        answer, *rest = await newcomer.drain() if token == "good" else (await ending_of(newcomer)).frames
    assert answer["type"] == ("auth_success" if token == "good" else "error")
    assert answer["requestId"] == "r1"
    assert not [each for each in rest if "requestId" in each]


async def test_what_was_sent_right_behind_the_token_is_then_handled(app: App) -> None:
    async with client(app, "members", "?auth=message&channel=note.behind", greeted=False) as hasty:
        await hasty.send(type="auth", token=token_for(app, "w1"))
        await hasty.send(type="heartbeat", requestId="first")
        await hasty.send(type="write", room="behind", text="second")
        frames = await hasty.receive_until(type="note")
    assert [each["type"] for each in frames[-3:]] == ["connection_established", "heartbeat_ack", "note"]


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"heartbeat"}',
        '{"type":"auth"}',
        '{"type":"auth","token":""}',
        '{"type":"auth","token":"no.good.token"}',
        '{"type":"auth","token":7}',
        "{",
        "[]",
    ],
)
async def test_with_auth_message_any_other_first_message_is_unauthorized(app: App, message: str) -> None:
    async with client(app, "members", "?auth=message", greeted=False) as newcomer:
        await newcomer.ws.send(message)
        ending = await ending_of(newcomer)
    assert [each["code"] for each in ending.frames] == ["UNAUTHORIZED"]
    assert ending.code == 4001


async def test_with_auth_message_a_token_of_the_request_does_not_replace_the_message(app: App) -> None:
    async with client(app, "members", "?auth=message", token=token_for(app, "w1"), greeted=False) as newcomer:
        await newcomer.send(type="auth", token=token_for(app, "w2"))
        frames = await newcomer.receive_until(type="connection_established")
    assert frames[-1]["user"]["wallet_address"] == "w2"


async def test_with_auth_message_a_banned_wallet_is_denied(app: App) -> None:
    await put_user(app, "banned2", banned=True)
    async with client(app, "members", "?auth=message", greeted=False) as newcomer:
        await newcomer.send(type="auth", token=token_for(app, "banned2"))
        ending = await ending_of(newcomer)
    assert (ending.error["code"], ending.code) == ("PERMISSION_DENIED", 4003)


async def test_5_seconds_of_silence_are_unauthorized() -> None:
    clock = ManualClock()
    async with arenas(clock) as app, client(app, "members", "?auth=message", greeted=False) as silent:
        await clock.advance(4.9)
        assert silent.ws.state.name == "OPEN"
        await clock.advance(0.1)
        ending = await ending_of(silent)
    assert ([each["code"] for each in ending.frames], ending.code) == (["UNAUTHORIZED"], 4001)


@pytest.mark.parametrize("endpoint", ["market-data", "token-data"])
async def test_on_a_public_endpoint_auth_message_changes_nothing(app: App, endpoint: str) -> None:
    async with client(app, endpoint, "?auth=message") as visitor:
        answer = await visitor.ask(type="auth", token=token_for(app, "w1"))
    assert answer["type"] == "auth_success"


# ── auth on an open connection ──────────────────────────────────────────────────────────────────────────────────────


async def test_signing_in_grows_the_rights_and_repeats_no_connect_frames(app: App) -> None:
    async with client(app, "open") as visitor:
        assert (await visitor.ask(type="subscribe", channel="private.w1"))["code"] == "SUBSCRIPTION_DENIED"
        await visitor.ask(type="auth", token=token_for(app, "w1"))
        assert await visitor.drain() == []
        assert (await visitor.ask(type="subscribe", channel="private.w1"))["type"] == "subscription_confirmed"


async def test_a_client_that_came_by_a_public_name_can_sign_in(app: App) -> None:
    async with client(app, "members", "?endpoint=lobby") as visitor:
        answer = await visitor.ask(type="auth", token=token_for(app, "w1"))
        assert (await visitor.ask(type="subscribe", channel="private.w1"))["type"] == "subscription_confirmed"
    assert answer["type"] == "auth_success"


@pytest.mark.parametrize("endpoint", ["open", "members"])
@pytest.mark.parametrize("bad", ["no.good.token", "x", "other wallet", "machine"])
async def test_a_bad_token_or_one_of_another_wallet_is_unauthorized_and_changes_nothing(
    app: App, endpoint: str, bad: str
) -> None:
    token = {
        "other wallet": token_for(app, "w2"),
        "machine": token_for(app, "w1", scopes=["prices"]),
    }.get(bad, bad)
    async with client(app, endpoint, token=token_for(app, "w1")) as user:
        answer = await user.ask(type="auth", token=token)
        assert answer["code"] == "UNAUTHORIZED"
        assert token not in json.dumps(answer)
        assert (await user.ask(type="subscribe", channel="private.w1"))["type"] == "subscription_confirmed"


async def test_a_new_token_with_a_higher_role_gives_its_rights(app: App) -> None:
    async with client(app, "members", token=token_for(app, "riser")) as user:
        assert (await user.ask(type="announce", text="hear"))["code"] == "PERMISSION_DENIED"
        answer = await user.ask(type="auth", token=token_for(app, "riser", Role.ADMIN))
        assert answer["user"]["role"] == "admin"
        assert (await user.ask(type="announce", text="hear"))["type"] == "announced"


async def test_a_new_token_with_a_lower_role_ends_what_it_does_not_allow(app: App) -> None:
    async with client(app, "members", "?channel=backstage", token=token_for(app, "faller", Role.ADMIN)) as user:
        await user.send(type="auth", token=token_for(app, "faller"))
        frames = await user.drain()
        app.leader.publisher.publish(ADMIN.channel(), Secret(text="for admins alone"))
        later = await user.drain()
    assert ("unsubscription_confirmed", "backstage", "rights") in [
        (each["type"], each.get("channel"), each.get("reason")) for each in frames
    ]
    assert later == []


# ── the end of a token ──────────────────────────────────────────────────────────────────────────────────────────────


async def beat(clock: ManualClock, connected: Client, seconds: float) -> list[Frame]:
    """Let time pass for a client that shows life; what came meanwhile."""
    frames: list[Frame] = []
    while seconds > 0:
        step = min(20.0, seconds)
        await clock.advance(step)
        seconds -= step
        await connected.send(type="heartbeat")
        frames += (await connected.receive_until(type="heartbeat_ack"))[:-1]
    return frames


async def test_when_the_token_of_an_open_connection_expires_it_is_told_and_closed_with_4001() -> None:
    clock = ManualClock()
    async with arenas(clock) as app, client(app, "members", token=token_for(app, "w1", ttl_s=100)) as user:
        assert await beat(clock, user, 129) == []
        await clock.advance(2)
        ending = await ending_of(user)
    assert [each["code"] for each in ending.frames] == ["TOKEN_EXPIRED"]
    assert ending.code == 4001


async def test_a_refreshed_token_outlives_the_old_one() -> None:
    clock = ManualClock()
    async with arenas(clock) as app, client(app, "members", token=token_for(app, "w1", ttl_s=100)) as user:
        await beat(clock, user, 90)
        assert (await user.ask(type="auth", token=token_for(app, "w1", ttl_s=100)))["type"] == "auth_success"
        assert await beat(clock, user, 129) == []
        await clock.advance(2)
        assert (await ending_of(user)).error["code"] == "TOKEN_EXPIRED"


async def test_on_a_public_endpoint_a_token_that_ends_makes_the_connection_anonymous() -> None:
    clock = ManualClock()
    async with arenas(clock) as app, client(app, "market-data", token=token_for(app, "w1", ttl_s=10)) as user:
        await clock.advance(41)
        told = await user.receive()
        assert (await user.ask(type="heartbeat"))["type"] == "heartbeat_ack"
    assert (told["type"], told["user"]) == ("session_updated", None)


async def test_a_token_that_ends_on_a_public_endpoint_ends_what_it_allowed() -> None:
    clock = ManualClock()
    async with (
        arenas(clock) as app,
        client(app, "open", "?channel=private.w1&channel=note.stays", token=token_for(app, "w1", ttl_s=10)) as user,
    ):
        await clock.advance(41)
        ended, told = await user.receive_many(2)
        held = (await user.ask(type="get_subscriptions"))["data"]
    assert (ended["type"], ended["channel"], ended["reason"]) == ("unsubscription_confirmed", "private.w1", "rights")
    assert (told["type"], told["user"]) == ("session_updated", None)
    assert [each["channel"] for each in held] == ["note.stays"]


# ── a ban, a new role, a nickname ───────────────────────────────────────────────────────────────────────────────────


async def test_a_new_nickname_is_told_to_all_connections_of_the_wallet(app: App) -> None:
    token = token_for(app, "renamed")
    async with client(app, "market-data", token=token) as one, client(app, "members", token=token) as other:
        await put_user(app, "renamed", nickname="Fresh")
        told = [await one.receive(), await other.receive()]
    assert [each["type"] for each in told] == ["session_updated"] * 2
    assert told[0]["user"] == {"wallet_address": "renamed", "nickname": "Fresh", "role": "user"}


async def test_a_change_of_another_wallet_is_told_to_nobody_else(app: App) -> None:
    async with client(app, "members", token=token_for(app, "bystander")) as user, client(app, "open") as visitor:
        await put_user(app, "somebody-else", nickname="Quiet", role="admin")
        assert [*await user.drain(), *await visitor.drain()] == []


async def test_a_higher_role_acts_on_the_open_connection(app: App) -> None:
    async with client(app, "members", token=token_for(app, "promoted")) as user:
        await put_user(app, "promoted", role="admin")
        told = await user.receive()
        assert (await user.ask(type="announce", text="hear"))["type"] == "announced"
    assert (told["type"], told["user"]["role"]) == ("session_updated", "admin")


async def test_a_lower_role_ends_what_it_does_not_allow_and_then_tells_the_user(app: App) -> None:
    query = "?channel=backstage&channel=board.x1&channel=note.stays"
    async with client(app, "members", query, token=token_for(app, "demoted", Role.ADMIN)) as user:
        await put_user(app, "demoted", role="user")
        *ended, told = await user.receive_many(3)
        app.leader.publisher.publish(ADMIN.channel(), Secret(text="for admins alone"))
        assert await user.drain() == []
        assert (await user.ask(type="announce", text="hear"))["code"] == "PERMISSION_DENIED"
    assert [(each["type"], each["channel"], each["reason"]) for each in ended] == [
        ("unsubscription_confirmed", "backstage", "rights"),
        ("unsubscription_confirmed", "board.x1", "rights"),
    ]
    assert (told["type"], told["user"]["role"]) == ("session_updated", "user")


async def test_what_was_published_before_a_loss_of_rights_arrives_before_it_is_confirmed(app: App) -> None:
    async with client(app, "members", "?channel=backstage", token=token_for(app, "leaver", Role.ADMIN)) as user:
        app.leader.publisher.publish(ADMIN.channel(), Secret(text="the last"))
        app.leader.accounts.put(Account("leaver", role=Role.USER))
        frames = await user.receive_many(3)
    assert [each["type"] for each in frames] == ["secret", "unsubscription_confirmed", "session_updated"]


async def test_losing_the_role_that_the_endpoint_needs_closes_with_4003(app: App) -> None:
    async with client(app, "admins", token=token_for(app, "dethroned", Role.ADMIN)) as admin:
        await put_user(app, "dethroned", role="user")
        ending = await ending_of(admin)
    assert ending.code == 4003


async def test_a_ban_closes_with_4003(app: App) -> None:
    async with client(app, "members", token=token_for(app, "rowdy")) as user:
        await put_user(app, "rowdy", banned=True)
        ending = await ending_of(user)
    assert (ending.error["code"], ending.code) == ("PERMISSION_DENIED", 4003)


async def test_a_ban_on_a_public_endpoint_makes_the_connection_anonymous(app: App) -> None:
    async with client(app, "open", "?channel=private.noisy", token=token_for(app, "noisy")) as user:
        await put_user(app, "noisy", banned=True)
        ended, told = await user.receive_many(2)
        notebook_of(app).say(PRIVATE.channel("noisy"), Secret(text="for one wallet"))
        assert await user.drain() == []
        assert (await user.ask(type="auth", token=token_for(app, "noisy")))["code"] in {
            "PERMISSION_DENIED",
            "UNAUTHORIZED",
        }
    assert (ended["channel"], ended["reason"]) == ("private.noisy", "rights")
    assert (told["type"], told["user"]) == ("session_updated", None)
