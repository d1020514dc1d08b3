"""A leader and two gateways: what a client sees does not depend on the gateway that it is connected to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from websockets import ConnectionClosed

from duelcast.app.gateway_node import GatewayNode
from duelcast.channels.names import Role
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.sessions import EndedSession
from duelcast.domain.contests.chat import Chat, Sent
from duelcast.domain.settings.changing import SettingChange
from duelcast.domain.users.service import UserChange
from tests.cluster.nodes import BOSS, Cluster, cluster
from tests.e2e.slow import until
from tests.serving import Client, Frame, client, token_for

pytestmark = pytest.mark.postgres

AT_ONCE_S = 0.05
"""How long commands wait for a leader, or the leader for gateways, in tests of their absence."""
LONG_S = 30.0
SUPERADMIN = Identity("boss", Role.SUPERADMIN, None, 2**40)
SESSION = "s" * 43


def member_of(node: GatewayNode, wallet: str, role: Role = Role.USER) -> Any:
    """A greeted connection of `wallet` to the contests."""
    return client(node, "contest", token=token_for(node, wallet, role))


async def enter(member: Client, contest: int, **more: object) -> Frame:
    """Join the room of a contest; the reply."""
    answer = await member.ask(type="join_contest_room", contestId=contest, **more)
    assert answer["type"] == "contest_room_joined", answer
    return answer


async def say(member: Client, contest: int, text: str, **more: object) -> Frame:
    """Post a message in the room; the answer."""
    return await member.ask(type="send_chat_message", contestId=contest, text=text, **more)


async def heard(member: Client, count: int) -> Sequence[tuple[int, str]]:
    """Numbers and texts of the next `count` chat messages."""
    frames = [(await member.receive_until(type="chat_message"))[-1] for _ in range(count)]
    return [(frame["seq"], frame["data"]["text"]) for frame in frames]


async def expect_close(member: Client, code: int) -> None:
    with pytest.raises(ConnectionClosed) as closed:
        await member.receive_until(type="nothing of this type comes")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_prices_reach_followers_on_every_gateway() -> None:
    async with cluster() as place:
        await place.price("SOL", 100.0)
        one, other = place.gateways
        async with client(one, "market-data") as first, client(other, "market-data") as second:
            for member in (first, second):
                await member.send(type="subscribe", channel="market.SOL")
                snapshot = (await member.receive_until(type="MARKET_PRICE"))[-1]
                assert snapshot["data"]["price"] == 100.0
            await place.price("SOL", 101.0)
            pushes = [(await member.receive_until(type="MARKET_PRICE"))[-1] for member in (first, second)]
            assert pushes[0] == pushes[1]
            assert pushes[0]["data"]["price"] == 101.0


async def test_a_chat_is_the_same_on_every_gateway() -> None:
    async with cluster() as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann") as ann, member_of(other, "bob") as bob:
            await enter(ann, contest)
            await enter(bob, contest)
            for number in range(5):
                for member in (ann, bob):
                    await member.send(type="send_chat_message", contestId=contest, text=f"{number}")
            told = await heard(ann, 10)
            assert told == await heard(bob, 10)
            assert [seq for seq, _ in told] == list(range(told[0][0], told[0][0] + 10))


async def test_the_push_of_a_message_answers_its_sender_alone() -> None:
    async with cluster() as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann") as ann, member_of(other, "bob") as bob:
            await enter(ann, contest)
            await enter(bob, contest)
            answer = await say(ann, contest, "hello", requestId="mine")
            push = (await bob.receive_until(type="chat_message"))[-1]
            assert "requestId" not in push
            assert answer == push | {"requestId": "mine"}


async def test_a_message_that_arrives_while_positions_are_recovered_answers_its_sender() -> None:
    async with cluster() as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann") as ann, member_of(other, "bob") as bob:
            await enter(ann, contest)
            await enter(bob, contest)
            place.views[0].is_away = True
            await ann.send(type="send_chat_message", contestId=contest, text="hello", requestId="mine")
            push = (await bob.receive_until(type="chat_message"))[-1]
            one.copied.resynchronise()
            place.views[0].is_away = False
            answer = (await ann.receive_until(requestId="mine"))[-1]
            assert answer == push | {"requestId": "mine"}


async def test_a_message_that_is_published_again_reaches_nobody_who_has_read_it() -> None:
    async with cluster() as place:
        contest = await place.contest()
        gateway, chat = place.gateways[0], f"chat.{contest}"
        async with member_of(gateway, "ann") as ann:
            await enter(ann, contest)
            await say(ann, contest, "one")
            await say(ann, contest, "two")
        await until(lambda: chat not in gateway.copied.followed_names())
        channel = gateway.copied.find(chat)
        published = place.leader.channels.dump(chat)
        assert channel is not None
        assert published is not None
        # As after a start, if the leader has not published anything on the channel yet.
        gateway.copied.forget(channel)
        async with member_of(gateway, "bob") as bob:
            await enter(bob, contest)
            for put in published.messages:
                place.leader.writer.add(put)
            await bob.send(type="send_chat_message", contestId=contest, text="three", requestId="mine")
            frames = await bob.receive_until(requestId="mine")
            assert [
                frame["data"]["text"] for frame in frames if frame["type"] == "chat_message" and "seq" in frame
            ] == ["three"]


async def test_a_client_recovers_at_another_gateway() -> None:
    async with cluster() as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann") as ann:
            joined = await enter(ann, contest)
            await say(ann, contest, "seen")
            since = {"epoch": ann.epoch, "seq": joined["positions"][f"chat.{contest}"] + 1}
        async with member_of(one, "bob") as bob:
            await enter(bob, contest)
            for number in range(3):
                await say(bob, contest, f"missed {number}")
        async with member_of(other, "ann") as ann:
            again = await enter(ann, contest, since=since)
            assert again["recovered"] is True
            assert again["positions"][f"chat.{contest}"] == since["seq"] + 3
            assert [text for _, text in await heard(ann, 3)] == ["missed 0", "missed 1", "missed 2"]


async def test_a_room_has_the_members_of_all_gateways() -> None:
    async with cluster() as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann", Role.ADMIN) as ann:
            await enter(ann, contest, visibility="visible")
            async with member_of(other, "bob", Role.ADMIN) as bob:
                joined = await enter(bob, contest, visibility="visible")
                assert {one["wallet"] for one in joined["members"]} == {"ann", "bob"}
                await presence(ann, "bob", "join")
            await presence(ann, "bob", "leave")


async def presence(member: Client, wallet: str, action: str) -> None:
    """Return once `wallet` has joined or left the room."""
    while True:
        frame = (await member.receive_until(type="user_presence"))[-1]
        if (frame["user"]["wallet"], frame["action"]) == (wallet, action):
            return


# ── accounts, sessions, settings ────────────────────────────────────────────────────────────────────────────────────


async def test_a_ban_closes_the_connections_on_every_gateway() -> None:
    async with cluster() as place:
        one, other = place.gateways
        async with member_of(one, "ann") as first, member_of(other, "ann") as second:
            await place.leader.leader.users.put(SUPERADMIN, "ann", UserChange(banned=True))
            await expect_close(first, 4003)
            await expect_close(second, 4003)


async def test_a_session_that_was_ended_is_over_on_every_gateway() -> None:
    async with cluster() as place:
        one, other = place.gateways
        token = token_for(one, "ann", session_id=SESSION)
        async with client(one, "contest", token=token) as first, client(other, "contest", token=token) as second:
            place.leader.leader.ended_sessions.end(EndedSession(SESSION, "ann", one.clock.time() + 3_600))
            await expect_close(first, 4001)
            await expect_close(second, 4001)


async def test_a_gateway_that_starts_knows_all_bans() -> None:
    async with cluster(gateways=0) as place:
        await place.leader.leader.users.put(SUPERADMIN, "ann", UserChange(banned=True))
        await place.add_gateway()
        async with client(
            place.gateways[0], "contest", token=token_for(place.gateways[0], "ann"), greeted=False
        ) as ann:
            assert (await ann.receive())["code"] == "PERMISSION_DENIED"
            await expect_close(ann, 4003)


async def test_a_new_role_is_announced_on_every_gateway() -> None:
    async with cluster() as place:
        one, other = place.gateways
        async with member_of(one, "ann") as first, member_of(other, "ann") as second:
            await place.leader.leader.users.put(SUPERADMIN, "ann", UserChange(role=Role.ADMIN))
            for member in (first, second):
                assert (await member.receive_until(type="session_updated"))[-1]["user"]["role"] == "admin"


async def test_a_setting_that_an_admin_changes_holds_on_every_gateway() -> None:
    async with cluster() as place:
        contest = await place.contest()
        one, other = place.gateways
        admin_token = token_for(other, "boss", Role.ADMIN)
        async with member_of(one, "ann") as ann, client(other, "system-settings", token=admin_token) as admin:
            await enter(ann, contest)
            maintenance = {"enabled": True, "message": "Back soon."}
            changed = await admin.ask(type="update_setting", key="maintenance_mode", value=maintenance)
            assert changed["type"] == "setting_updated"
            await until_refused(ann, contest)


async def until_refused(member: Client, contest: int) -> None:
    """Return once a message is refused because of maintenance."""
    while (answer := await say(member, contest, "still here?"))["type"] != "error":
        pass
    assert answer["code"] == "MAINTENANCE"


async def test_a_setting_that_is_hidden_is_taken_from_followers_on_every_gateway() -> None:
    async with cluster() as place:
        settings = place.leader.leader.system_settings
        await settings.update(BOSS, "shop.open", SettingChange(value=True, visibility="user"))
        node = place.gateways[1]
        async with client(node, "system-settings", token=token_for(node, "ann")) as ann:
            await ann.ask(type="subscribe", channel="setting.shop.open")
            await settings.update(BOSS, "shop.open", SettingChange(value=False, visibility="admin"))
            lost = (await ann.receive_until(type="unsubscription_confirmed"))[-1]
            assert (lost["channel"], lost["reason"]) == ("setting.shop.open", "rights")


# ── the link ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_without_a_leader_commands_are_unavailable_and_prices_go_on() -> None:
    async with cluster(leader_wait_s=AT_ONCE_S) as place:
        await place.price("SOL", 100.0)
        node = place.gateways[0]
        async with client(node, "market-data") as member:
            await member.ask(type="subscribe", channel="market.SOL")
            await place.cut(0)
            refused = await member.ask(type="subscribe", channel="market.BTC")
            assert refused["code"] == "UNAVAILABLE"
            assert refused["retryAfterMs"] > 0
            await place.price("SOL", 101.0)
            assert (await member.receive_until(type="MARKET_PRICE"))[-1]["data"]["price"] == 101.0


async def test_without_a_leader_new_clients_are_sent_away() -> None:
    async with cluster(leader_wait_s=AT_ONCE_S) as place:
        await place.cut(0)
        async with client(place.gateways[0], "market-data", greeted=False) as member:
            assert (await member.receive())["code"] == "UNAVAILABLE"
            await expect_close(member, 1013)


async def test_a_command_waits_for_a_leader_that_returns() -> None:
    async with cluster(leader_wait_s=LONG_S) as place:
        contest = await place.contest()
        node = place.gateways[0]
        async with member_of(node, "ann") as ann:
            await place.cut(0)
            await ann.send(type="get_contest_state", contestId=contest, requestId="waits")
            place.mend(0)
            assert (await ann.receive_until(requestId="waits"))[-1]["type"] == "contest_state"


async def test_members_stay_in_their_rooms_while_their_link_is_replaced() -> None:
    async with cluster(leader_wait_s=LONG_S, gateway_absence_s=LONG_S) as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann") as ann, member_of(other, "bob") as bob:
            await enter(ann, contest)
            await enter(bob, contest)
            await place.cut(0)
            place.mend(0)
            assert (await say(ann, contest, "still here"))["type"] == "chat_message"
            assert [text for _, text in await heard(bob, 1)] == ["still here"]


async def test_who_leaves_while_there_is_no_link_has_left_once_there_is_one() -> None:
    async with cluster(gateway_absence_s=LONG_S) as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(other, "bob", Role.ADMIN) as bob:
            await enter(bob, contest, visibility="visible")
            async with member_of(one, "ann", Role.ADMIN) as ann:
                await enter(ann, contest, visibility="visible")
                await presence(bob, "ann", "join")
                await place.cut(0)
            place.mend(0)
            await presence(bob, "ann", "leave")


async def test_the_connections_of_a_gateway_that_stays_away_have_ended() -> None:
    async with cluster(gateway_absence_s=AT_ONCE_S) as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann", Role.ADMIN) as ann, member_of(other, "bob", Role.ADMIN) as bob:
            await enter(ann, contest, visibility="visible")
            await enter(bob, contest, visibility="visible")
            await place.cut(0)
            await presence(bob, "ann", "leave")


async def test_a_message_whose_answer_is_lost_with_the_link_is_stored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = asyncio.Event()
    send = Chat.send

    async def send_and_never_answer(chat: Chat, *args: Any) -> Sent:
        sent = await send(chat, *args)
        if not stored.is_set():
            stored.set()
            await asyncio.Event().wait()
        return sent

    monkeypatch.setattr(Chat, "send", send_and_never_answer)
    async with cluster(leader_wait_s=LONG_S) as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann") as ann, member_of(other, "bob") as bob:
            await enter(bob, contest)
            await enter(ann, contest)
            message = {"type": "send_chat_message", "contestId": contest, "text": "once", "messageId": str(uuid4())}
            await ann.send(**message, requestId="first")
            await stored.wait()
            await place.cut(0)
            unknown = (await ann.receive_until(type="error"))[-1]
            assert (unknown["code"], unknown["requestId"]) == ("OUTCOME_UNKNOWN", "first")
            assert unknown["retryAfterMs"] > 0
            place.mend(0)
            again = await ann.ask(**message, requestId="second")
            assert again["duplicate"] is True
            await bob.send(type="send_chat_message", contestId=contest, text="end")
            assert [text for _, text in await heard(bob, 2)] == ["once", "end"]


# ── another leader ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_clients_keep_their_rooms_and_positions_when_the_leader_is_replaced() -> None:
    async with cluster(leader_wait_s=LONG_S, gateway_absence_s=LONG_S) as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann") as ann, member_of(other, "bob") as bob:
            await enter(ann, contest)
            await enter(bob, contest)
            await ann.send(type="send_chat_message", contestId=contest, text="before")
            ((seq, _),) = await heard(bob, 1)
            await place.replace_leader()
            await ann.send(type="send_chat_message", contestId=contest, text="after")
            assert await heard(bob, 1) == [(seq + 1, "after")]
            assert await heard(ann, 2) == [(seq, "before"), (seq + 1, "after")]


async def test_clients_keep_their_rooms_if_the_leader_and_the_log_are_lost_at_once() -> None:
    async with cluster(leader_wait_s=LONG_S, gateway_absence_s=LONG_S) as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann", Role.ADMIN) as ann, member_of(other, "bob") as bob:
            await enter(ann, contest, visibility="visible")
            await enter(bob, contest)
            await place.start_over()
            await ann.send(type="send_chat_message", contestId=contest, text="after")
            assert [text for _, text in await heard(bob, 1)] == ["after"]
            async with member_of(other, "cid") as cid:
                joined = await enter(cid, contest)
                assert {member["wallet"] for member in joined["members"]} == {"ann", "bob", "cid"}
                assert joined["spectatorCount"] == 2


async def test_commands_that_come_while_the_leader_stops_are_answered_by_the_next_one() -> None:
    async with cluster(leader_wait_s=LONG_S) as place:
        contest = await place.contest()
        async with member_of(place.gateways[0], "ann") as ann, member_of(place.gateways[1], "bob") as bob:
            await enter(ann, contest)
            await enter(bob, contest)
            replacing = asyncio.create_task(place.replace_leader())
            said = 0
            while not replacing.done():
                said += 1
                answer = await say(ann, contest, str(said))
                assert answer["type"] == "chat_message", answer
            await replacing
            assert await heard(bob, said) == [(number, str(number)) for number in range(1, said + 1)]


async def test_prices_go_on_when_the_leader_is_replaced() -> None:
    async with cluster(leader_wait_s=LONG_S) as place:
        await place.price("SOL", 100.0)
        async with client(place.gateways[0], "market-data") as member:
            await member.send(type="subscribe", channel="market.SOL")
            before = (await member.receive_until(type="MARKET_PRICE"))[-1]
            await place.replace_leader()
            await place.price("SOL", 101.0)
            while (push := (await member.receive_until(type="MARKET_PRICE"))[-1])["data"]["price"] != 101.0:
                pass
            assert push["seq"] > before["seq"]


async def test_the_next_leader_ends_the_connections_of_a_gateway_that_does_not_return() -> None:
    async with cluster(gateway_absence_s=LONG_S, leader_wait_s=LONG_S) as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann", Role.ADMIN) as ann, member_of(other, "bob", Role.ADMIN) as bob:
            await enter(bob, contest, visibility="visible")
            await enter(ann, contest, visibility="visible")
            await presence(bob, "ann", "join")
            await place.cut(0)
            await place.replace_leader(gateway_absence_s=AT_ONCE_S)
            while {one["wallet"] for one in (await enter(bob, contest, visibility="visible"))["members"]} != {"bob"}:
                pass


# ── the log ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_gateway_without_the_log_says_that_the_outcome_is_unknown() -> None:
    async with cluster(leader_wait_s=AT_ONCE_S) as place:
        contest = await place.contest()
        one, other = place.gateways
        async with member_of(one, "ann") as ann, member_of(other, "bob") as bob:
            await enter(ann, contest)
            await enter(bob, contest)
            place.views[0].is_away = True
            assert (await say(ann, contest, "hello"))["code"] == "OUTCOME_UNKNOWN"
            assert [text for _, text in await heard(bob, 1)] == ["hello"]
            place.views[0].is_away = False
            assert [text for _, text in await heard(ann, 1)] == ["hello"]


async def test_a_gateway_that_has_been_without_the_log_for_long_sends_its_clients_away() -> None:
    async with cluster(log_absence_s=AT_ONCE_S) as place, client(place.gateways[0], "market-data") as member:
        place.views[0].is_away = True
        await expect_close(member, 1013)


# ── what the leader knows of its gateways ───────────────────────────────────────────────────────────────────────────


async def test_the_leader_counts_the_connections_of_all_gateways() -> None:
    async with cluster() as place:
        one, other = place.gateways
        async with client(one, "market-data"), client(other, "market-data"), client(other, "token-data"):
            await reported(place, 3)


async def reported(place: Cluster, connections: int) -> None:
    """Return once the leader counts so many connections."""
    await until(lambda: place.leader.leader.operations.status.status().connections == connections)
