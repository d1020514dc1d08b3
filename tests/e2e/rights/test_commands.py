"""Every command of the nine endpoints, and every family of channels, × everybody who may connect (protocol §1.2,
§2–§11).

`.` the rights suffice, whatever else is wrong · `T` a token is needed · `R` a right is missing · `1` the connection is
refused with 4001, `3` with 4003 · `-` there is no such name.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pytest
from websockets import ConnectionClosed

from duelcast.app import App
from tests.e2e.rights.callers import CALLERS, OWNER, Caller, ban, differences, table
from tests.serving import Client, client, http_client, running

MARKS = {"UNAUTHORIZED": "T", "PERMISSION_DENIED": "R"}
DENIED = {"SUBSCRIPTION_DENIED": "R"}
PUBLIC_NAMES = {
    "contest": "public.contests",
    "monitor": "public.background_scene",
    "notifications": "system.announcements",
}
GUEST = Caller("guest")
"""Anonymous, with the public name of the endpoint."""
CONNECTING = (*CALLERS, GUEST)
NEWCOMER = Caller("newcomer", "somebody")

SIGNING_IN = ("auth", "authenticate")
FIELDS: dict[str, dict[str, Any]] = {
    "track_event": {"event": "page_view"},
    "subscribe_metric": {"metric": "connections"},
    "unsubscribe_metric": {"metric": "connections"},
    "subscribe": {"channel": "no.such"},
    "unsubscribe": {"channel": "no.such"},
    "subscribe:layer": {"layer": "no"},
    "subscribe:service": {"service": "no"},
    "service:health_check": {"service": "no"},
    "service:reset_circuit_breaker": {"service": "no"},
    "get_contest_state": {"contestId": 1},
    "get_participant_status": {"contestId": 1},
    "get_leaderboard": {"contestId": 1},
    "join_contest_room": {"contestId": 1},
    "leave_contest_room": {"contestId": 1},
    "send_chat_message": {"contestId": 1, "text": "hello"},
    "set_admin_presence": {"contestId": 1, "visibility": "invisible"},
    "get_chat_messages": {"contestId": 1},
    "SUBSCRIBE_SYMBOLS": {"symbols": ["SOL"]},
    "UNSUBSCRIBE_SYMBOLS": {"symbols": ["SOL"]},
    "subscribe_tokens": {"symbols": ["SOL"]},
    "unsubscribe_tokens": {"symbols": ["SOL"]},
    "get_token": {"symbol": "SOL"},
    "get_service_status": {"service": "no"},
    "mark_read": {"id": 1},
    "subscribe_service": {"serviceName": "no"},
    "unsubscribe_service": {"serviceName": "no"},
    "service_command": {"serviceName": "no", "command": "restart"},
    "get_setting": {"key": "no"},
    "get_category_settings": {"category": "no"},
    "subscribe_setting": {"key": "no"},
    "subscribe_category": {"category": "no"},
    "unsubscribe_setting": {"key": "no"},
    "unsubscribe_category": {"category": "no"},
    "update_setting": {"key": "rights.of-all", "value": 1},
}
"""What a command must have; `auth` has a token of its own."""

# Anonymous, bad token, expired token, user, owner, admin, superadmin, banned; machines with the scopes prices,
# operations, errors, notifications, metrics, wonders; guest.
COMMANDS = table(
    """
    analytics track_event                                1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics subscribe_dashboard                        1 1 1 R R . . 3   3 3 3 3 3 3   -
    analytics unsubscribe_dashboard                      1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics subscribe_metric                           1 1 1 R R . . 3   3 3 3 3 3 3   -
    analytics unsubscribe_metric                         1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics get_active_users                           1 1 1 R R . . 3   3 3 3 3 3 3   -
    analytics get_server_stats                           1 1 1 R R . . 3   3 3 3 3 3 3   -
    analytics heartbeat                                  1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics ping                                       1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics subscribe                                  1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics unsubscribe                                1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics get_subscriptions                          1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics auth                                       1 1 1 . . . . 3   3 3 3 3 3 3   -
    analytics authenticate                               1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker subscribe_all                        1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker subscribe:services                   1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker subscribe:layer                      1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker subscribe:service                    1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker service:health_check                 1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker service:reset_circuit_breaker        1 1 1 R R . . 3   3 3 3 3 3 3   -
    circuit-breaker heartbeat                            1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker ping                                 1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker subscribe                            1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker unsubscribe                          1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker get_subscriptions                    1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker auth                                 1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker authenticate                         1 1 1 . . . . 3   3 3 3 3 3 3   -
    contest get_all_contests                             1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest get_contest_state                            1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest get_participant_status                       1 1 1 . . . . 3   3 3 3 3 3 3   T
    contest get_leaderboard                              1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest join_contest_room                            1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest leave_contest_room                           1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest send_chat_message                            1 1 1 . . . . 3   3 3 3 3 3 3   T
    contest set_admin_presence                           1 1 1 R R . . 3   3 3 3 3 3 3   T
    contest get_chat_messages                            1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest heartbeat                                    1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest ping                                         1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest subscribe                                    1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest unsubscribe                                  1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest get_subscriptions                            1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest auth                                         1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest authenticate                                 1 1 1 . . . . 3   3 3 3 3 3 3   .
    market-data SUBSCRIBE_SYMBOLS                        . . . . . . . .   . . . . . .   -
    market-data subscribe                                . . . . . . . .   . . . . . .   -
    market-data UNSUBSCRIBE_SYMBOLS                      . . . . . . . .   . . . . . .   -
    market-data heartbeat                                . . . . . . . .   . . . . . .   -
    market-data ping                                     . . . . . . . .   . . . . . .   -
    market-data unsubscribe                              . . . . . . . .   . . . . . .   -
    market-data get_subscriptions                        . . . . . . . .   . . . . . .   -
    market-data auth                                     . T T . . . . R   T T T T T T   -
    market-data authenticate                             . T T . . . . R   T T T T T T   -
    monitor get_system_status                            1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor get_maintenance_status                       1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor get_system_settings                          1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor get_service_status                           1 1 1 R R . . 3   3 3 3 3 3 3   T
    monitor get_all_services                             1 1 1 R R . . 3   3 3 3 3 3 3   T
    monitor get_recent_errors                            1 1 1 R R . . 3   3 3 3 3 3 3   T
    monitor heartbeat                                    1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor ping                                         1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor subscribe                                    1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor unsubscribe                                  1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor get_subscriptions                            1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor auth                                         1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor authenticate                                 1 1 1 . . . . 3   3 3 3 3 3 3   .
    notifications mark_read                              1 1 1 . . . . 3   3 3 3 3 3 3   T
    notifications mark_all_read                          1 1 1 . . . . 3   3 3 3 3 3 3   T
    notifications get_unread                             1 1 1 . . . . 3   3 3 3 3 3 3   T
    notifications get_notifications                      1 1 1 . . . . 3   3 3 3 3 3 3   T
    notifications heartbeat                              1 1 1 . . . . 3   3 3 3 3 3 3   .
    notifications ping                                   1 1 1 . . . . 3   3 3 3 3 3 3   .
    notifications subscribe                              1 1 1 . . . . 3   3 3 3 3 3 3   .
    notifications unsubscribe                            1 1 1 . . . . 3   3 3 3 3 3 3   .
    notifications get_subscriptions                      1 1 1 . . . . 3   3 3 3 3 3 3   .
    notifications auth                                   1 1 1 . . . . 3   3 3 3 3 3 3   .
    notifications authenticate                           1 1 1 . . . . 3   3 3 3 3 3 3   .
    skyduel get_services                                 1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel subscribe_service                            1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel unsubscribe_service                          1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel service_command                              1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel heartbeat                                    1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel ping                                         1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel subscribe                                    1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel unsubscribe                                  1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel get_subscriptions                            1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel auth                                         1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel authenticate                                 1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    system-settings get_all_settings                     1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings get_setting                          1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings get_category_settings                1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings subscribe_setting                    1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings subscribe_category                   1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings unsubscribe_setting                  1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings unsubscribe_category                 1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings update_setting                       1 1 1 R R . . 3   3 3 3 3 3 3   -
    system-settings heartbeat                            1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings ping                                 1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings subscribe                            1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings unsubscribe                          1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings get_subscriptions                    1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings auth                                 1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings authenticate                         1 1 1 . . . . 3   3 3 3 3 3 3   -
    token-data SUBSCRIBE_SYMBOLS                         . . . . . . . .   . . . . . .   -
    token-data UNSUBSCRIBE_SYMBOLS                       . . . . . . . .   . . . . . .   -
    token-data get_token                                 . . . . . . . .   . . . . . .   -
    token-data get_all_tokens                            . . . . . . . .   . . . . . .   -
    token-data subscribe_tokens                          . . . . . . . .   . . . . . .   -
    token-data unsubscribe_tokens                        . . . . . . . .   . . . . . .   -
    token-data subscribe                                 . . . . . . . .   . . . . . .   -
    token-data heartbeat                                 . . . . . . . .   . . . . . .   -
    token-data ping                                      . . . . . . . .   . . . . . .   -
    token-data unsubscribe                               . . . . . . . .   . . . . . .   -
    token-data get_subscriptions                         . . . . . . . .   . . . . . .   -
    token-data auth                                      . T T . . . . R   T T T T T T   -
    token-data authenticate                              . T T . . . . R   T T T T T T   -
    """
)
"""A row for each. `auth` is sent with the caller's own token; with another's where there is none."""

# The same columns.
CHANNELS = table(
    """
    analytics analytics.dashboard                        1 1 1 R R . . 3   3 3 3 3 3 3   -
    analytics analytics.metric.{metric}                  1 1 1 R R . . 3   3 3 3 3 3 3   -
    circuit-breaker service.{service}                    1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker layer.{layer}                        1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker alerts                               1 1 1 . . . . 3   3 3 3 3 3 3   -
    circuit-breaker services                             1 1 1 . . . . 3   3 3 3 3 3 3   -
    contest public.contests                              1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest contest.{contestId}                          1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest presence.{contestId}                         1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest leaderboard.{contestId}                      1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest chat.{contestId}                             1 1 1 . . . . 3   3 3 3 3 3 3   .
    contest participant.{wallet}.{contestId}             1 1 1 R . . . 3   3 3 3 3 3 3   R
    market-data market.{symbol}                          . . . . . . . .   . . . . . .   -
    market-data metadata.{symbol}                        . . . . . . . .   . . . . . .   -
    market-data market.*                                 . . . . . . . .   . . . . . .   -
    market-data metadata.*                               . . . . . . . .   . . . . . .   -
    monitor public.status                                1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor system.status                                1 1 1 . . . . 3   3 3 3 3 3 3   R
    monitor system.maintenance                           1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor public.background_scene                      1 1 1 . . . . 3   3 3 3 3 3 3   .
    monitor system.settings                              1 1 1 R R . . 3   3 3 3 3 3 3   R
    monitor system.services                              1 1 1 R R . . 3   3 3 3 3 3 3   R
    monitor system.errors                                1 1 1 R R . . 3   3 3 3 3 3 3   R
    notifications user.notifications.{wallet}            1 1 1 R . R R 3   3 3 3 3 3 3   R
    notifications system.announcements                   1 1 1 . . . . 3   3 3 3 3 3 3   .
    skyduel skyduel.{service}                            1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    skyduel skyduel.*                                    1 1 1 3 3 . . 3   3 3 3 3 3 3   -
    system-settings setting.{key}                        1 1 1 . . . . 3   3 3 3 3 3 3   -
    system-settings category.{category}                   1 1 1 . . . . 3   3 3 3 3 3 3   -
    token-data market.{symbol}                           . . . . . . . .   . . . . . .   -
    token-data token.{symbol}                            . . . . . . . .   . . . . . .   -
    token-data public.tokens                             . . . . . . . .   . . . . . .   -
    token-data public.token_list                         . . . . . . . .   . . . . . .   -
    token-data market.*                                  . . . . . . . .   . . . . . .   -
    token-data token.*                                   . . . . . . . .   . . . . . .   -
    """
)
"""A row for each family of channels, and each kind of group. `owner` is the wallet that is named."""


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running(rate_limit_factor=0) as made:
        ban(made)
        yield made


async def document_of(app: App) -> dict[str, Any]:
    """The AsyncAPI document."""
    async with http_client(app, "") as http:
        document: dict[str, Any] = (await http.get("/asyncapi.json")).json()
    return document


def commands_of(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """The commands of each endpoint."""
    found: dict[str, list[str]] = {name: [] for name in document["channels"]}
    for operation in document["operations"].values():
        if operation["action"] == "receive":
            endpoint = operation["channel"]["$ref"].rpartition("/")[2]
            messages = document["channels"][endpoint]["messages"]
            for reference in operation["messages"]:
                message_id = messages[reference["$ref"].rpartition("/")[2]]["$ref"].rpartition("/")[2]
                found[endpoint].append(document["components"]["messages"][message_id]["name"])
    return found


def filled(channel: str) -> str:
    """A channel of a family."""
    names = {"metric": "connections", "symbol": "SOL", "contestId": "1", "wallet": OWNER, "key": "chat.max_characters"}
    return re.sub(r"{(\w+)}", lambda placeholder: names.get(placeholder[1], "store"), channel)


def query_of(endpoint: str, caller: Caller) -> str | None:
    """What a caller's address ends with; None: the endpoint has no public name."""
    if caller is not GUEST:
        return ""
    return f"?endpoint={PUBLIC_NAMES[endpoint]}" if endpoint in PUBLIC_NAMES else None


async def marks_of(app: App, endpoint: str, caller: Caller, messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """What becomes of each message of a connection; all the same where it is refused."""
    asked = list(messages)
    query = query_of(endpoint, caller)
    if query is None:
        return ["-"] * len(asked)
    token = caller.token_for(app)
    async with client(app, endpoint, query, token=token, greeted=False) as made:
        try:
            await made.receive_until(type="connection_established")
        except ConnectionClosed:
            return [str(made.ws.close_code)[-1]] * len(asked)
        return [await mark_of(made, message) for message in asked]


async def mark_of(made: Client, message: Mapping[str, Any]) -> str:
    answer = await made.ask(**message)
    assert answer.get("code") not in ("INVALID_REQUEST", "INVALID_MESSAGE", "UNKNOWN_MESSAGE_TYPE"), answer
    return (MARKS | DENIED).get(answer.get("code", ""), ".")


def message(app: App, command: str, caller: Caller) -> dict[str, Any]:
    if command in SIGNING_IN:
        return {"type": command, "token": caller.token_for(app) or NEWCOMER.token_for(app)}
    return {"type": command, **FIELDS.get(command, {})}


async def test_every_command_is_for_those_whom_the_table_names_and_nobody_else(app: App) -> None:
    seen = {}
    for endpoint, commands in commands_of(await document_of(app)).items():
        # Whoever sends `auth` is somebody else from then on.
        asked = sorted(commands, key=lambda command: command in SIGNING_IN)
        columns = [
            await marks_of(app, endpoint, caller, [message(app, command, caller) for command in asked])
            for caller in CONNECTING
        ]
        for command, *marks in zip(asked, *columns, strict=True):
            seen[f"{endpoint} {command}"] = "".join(marks)
    assert sorted(differences(COMMANDS, seen)) == []


def channels_of(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """The families of channels of each endpoint, and their groups."""
    found = {}
    for endpoint, described in document["channels"].items():
        rows = described["x-channels"]
        groups = [row["group"] for row in rows if row["group"]]
        found[endpoint] = [row["name"] for row in rows] + groups
    return found


async def test_every_channel_is_for_those_whom_the_table_names_and_nobody_else(app: App) -> None:
    seen: dict[str, str] = {}
    for endpoint, channels in channels_of(await document_of(app)).items():
        for caller in CONNECTING:
            asked = [{"type": "subscribe", "channel": filled(channel)} for channel in channels]
            for channel, mark in zip(channels, await marks_of(app, endpoint, caller, asked), strict=True):
                name = f"{endpoint} {channel}"
                seen[name] = seen.get(name, "") + mark
    assert sorted(differences(CHANNELS, seen)) == []
