"""Runs conformance traces (clients/traces) on the core of the client, with a socket and a clock of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from duelcast.client.core.actions import AskToken, Dial, End, Send
from duelcast.client.core.core import Core
from duelcast.client.core.frames import Failure, Frame
from duelcast.client.core.requests import Request
from duelcast.client.core.stores.base import Store
from duelcast.client.core.stores.channel import Channel
from duelcast.client.core.stores.chat import ChatItem
from duelcast.client.core.stores.inbox import Inbox
from duelcast.client.core.stores.latest import Latest
from duelcast.client.core.stores.room import Room
from duelcast.client.core.tokens import NoToken, answer_of
from duelcast.client.core.tracking import Stored

Json = Any

BEGIN_WALL_MS = 1_767_225_600_000  # 2026-01-01T00:00:00.000Z


@dataclass
class _Socket:
    """The newest connection to an endpoint, and what the client did that no step has named yet."""

    connection: int = 0
    dials: list[Dial] = field(default_factory=list)
    sent: list[Json] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)


@dataclass
class _Wish:
    """Something that the trace wants."""

    store: Store
    endpoint: str
    messages: list[Json] = field(default_factory=list)


class Runner:
    """Runs one trace. Raises `AssertionError` at the first step with which the client does not conform."""

    def __init__(self, trace: Json) -> None:
        self._trace = trace
        self._now_ms = 0
        self._core = Core(0, BEGIN_WALL_MS, jitter=lambda: trace.get("random", 0.5), new_uuid=lambda: str(uuid.uuid4()))
        self._answer: Json = trace.get("token")
        self._asks = 0
        self._questions: list[int] = []
        self._sockets: dict[str, _Socket] = {}
        self._wishes: dict[str, _Wish] = {}
        self._requests: dict[str, tuple[str, Request | None]] = {}
        self._outcomes: dict[str, Frame | Failure | Stored] = {}
        self._values: dict[str, Json] = {}

    def run(self) -> None:
        for number, step in enumerate(self._trace["steps"]):
            try:
                self._step(step)
            except AssertionError as failed:
                text = json.dumps(step)
                failed.add_note(f"step {number}: {text[:500]}")
                raise
            self._carry_out()
        left = {name: socket.sent for name, socket in self._sockets.items() if socket.sent}
        assert not left, f"sent, and not named by the trace: {left}"

    def _step(self, step: Json) -> None:
        endpoint = step.get("endpoint", self._trace.get("endpoint"))
        (name,) = (name for name in step if name != "endpoint")
        method: Callable[[Json, str], None] = getattr(self, _METHODS.get(name, f"_{name}"))
        method(step[name], endpoint)

    # ── events ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _want(self, wish: Json, endpoint: str) -> None:
        match wish:
            case {"market": symbol}:
                self._add(wish, self._core.prices([symbol])[0], "market-data")
            case {"leaderboard": contest_id}:
                self._add(wish, self._core.leaderboard(contest_id), "contest")
            case {"room": contest_id}:
                self._add(wish, self._core.room(contest_id), "contest")
            case {"inbox": True}:
                self._add(wish, self._core.inbox(), "notifications")
            case {"channel": name}:
                channel = self._core.channel(endpoint, name)
                added = self._add(wish, channel, endpoint)
                channel.readers.append(lambda frame: added.messages.append(frame.json()))

    def _add(self, wish: Json, store: Store, endpoint: str) -> _Wish:
        self._wishes[json.dumps(wish)] = added = _Wish(store, endpoint)
        return added

    def _drop(self, wish: Json, _endpoint: str) -> None:
        wanted = self._wishes[json.dumps(wish)]
        self._core.drop(wanted.endpoint, wanted.store)

    def _request(self, request: Json, endpoint: str) -> None:
        name = request["as"]
        made = self._core.request(endpoint, request["command"], self._settling(name), request.get("timeoutMs", 10_000))
        self._requests[name] = (endpoint, made)

    def _settling(self, name: str) -> Callable[[Frame | Failure | Stored], None]:
        def settled(outcome: Frame | Failure | Stored) -> None:
            assert name not in self._outcomes, f"{name} was settled twice"
            self._outcomes[name] = outcome

        return settled

    def _abort(self, name: str, _endpoint: str) -> None:
        endpoint, request = self._requests[name]
        assert request is not None
        self._core.abort(endpoint, request)

    def _say(self, message: Json, _endpoint: str) -> None:
        room = self._wishes[json.dumps({"room": message["room"]})].store
        assert isinstance(room, Room)
        self._core.say(room, message["text"], self._settling(message["as"]), 10_000)

    def _track(self, event: Json, _endpoint: str) -> None:
        self._core.track(event["event"], event.get("data"), self._settling(event["as"]))

    def _provider(self, answer: Json, _endpoint: str) -> None:
        self._answer = answer
        questions, self._questions = self._questions, []
        for question in questions:
            self._answer_token(question)

    def _setToken(self, token: Json, _endpoint: str) -> None:  # noqa: N802 - the name of a step
        self._answer = token
        self._core.token_was_set()

    def _opened(self, _true: Json, endpoint: str) -> None:
        self._core.opened(self._sockets[endpoint].connection)

    def _frames(self, frames: Json, endpoint: str) -> None:
        for frame in frames:
            text = json.dumps(self._filled(frame), ensure_ascii=False)
            self._core.received(self._sockets[endpoint].connection, text)

    def _lost(self, end: Json, endpoint: str) -> None:
        self._core.lost(self._sockets[endpoint].connection, end["code"], end.get("reason", ""))

    def _advance(self, ms: int, _endpoint: str) -> None:
        end_ms = self._now_ms + ms
        self._carry_out()
        while (due_ms := self._core.timers.next_due_ms()) is not None and due_ms <= end_ms:
            self._set_time(max(due_ms, self._now_ms))
            self._core.timers.run_due()
            self._carry_out()
        self._set_time(end_ms)

    def _set_time(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._core.timers.set(now_ms, BEGIN_WALL_MS + now_ms)

    def _hidden(self, _true: Json, _endpoint: str) -> None:
        self._core.hide()

    def _visible(self, _true: Json, _endpoint: str) -> None:
        self._core.wake(visible=True)

    def _online(self, _true: Json, _endpoint: str) -> None:
        self._core.wake()

    def _wake(self, _true: Json, _endpoint: str) -> None:
        self._core.wake()

    def _close(self, _true: Json, _endpoint: str) -> None:
        self._core.close()

    # ── assertions ────────────────────────────────────────────────────────────────────────────────────────────────

    def _asks_count(self, count: int, _endpoint: str) -> None:
        asks, self._asks = self._asks, 0
        assert asks == count

    def _dials(self, expected: Json, endpoint: str) -> None:
        socket = self._socket(endpoint)
        dials, socket.dials = socket.dials, []
        if expected is None:
            assert dials == []
            return
        (dial,) = dials
        assert dial.path == expected["path"]
        assert sorted(map(list, dial.query)) == sorted(expected["query"])

    def _sends(self, expected: Json, endpoint: str) -> None:
        socket = self._socket(endpoint)
        sent, socket.sent = socket.sent, []
        self._match(sent, expected, exactly=True)

    def _closes(self, code: int | None, endpoint: str) -> None:
        socket = self._socket(endpoint)
        closes, socket.closes = socket.closes, []
        assert closes == ([] if code is None else [code])

    def _state(self, expected: Json, endpoint: str) -> None:
        state = self._core.state(endpoint)
        if isinstance(expected, str):
            assert state.status == expected
        else:
            assert state.status == expected["is"]
            assert state.retry_in_s is not None
            assert round(state.retry_in_s * 1000) == expected["retryInMs"]

    def _settles(self, expected: Json, _endpoint: str) -> None:
        outcome = self._outcomes.get(expected["as"])
        match expected:
            case {"pending": True}:
                assert outcome is None
            case {"error": code}:
                assert isinstance(outcome, Failure)
                assert outcome.code == code
            case {"reply": reply}:
                assert outcome is not None
                assert not isinstance(outcome, Failure)
                got = outcome.json() if isinstance(outcome, Frame) else msgspec.to_builtins(outcome)
                self._match(got, reply, exactly=False)

    def _holds(self, expected: Json, _endpoint: str) -> None:
        wish = self._wishes[json.dumps({key: expected[key] for key in expected if key in _STORES})]
        if "status" in expected:
            assert wish.store.status == expected["status"]
        if "messages" in expected:
            messages, wish.messages = wish.messages, []
            self._match(messages, expected["messages"], exactly=False)
        if "value" in expected:
            self._match(_value(wish.store), expected["value"], exactly=False)

    def _offsetMs(self, expected: int, _endpoint: str) -> None:  # noqa: N802 - the name of a step
        assert self._core.offset.ms == expected

    # ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _socket(self, endpoint: str) -> _Socket:
        return self._sockets.setdefault(endpoint, _Socket())

    def _carry_out(self) -> None:
        """Do what the core asks for, until it asks for nothing more."""
        while actions := self._core.take_actions():
            for action in actions:
                match action:
                    case Dial():
                        socket = self._socket(action.endpoint)
                        socket.connection = action.connection
                        socket.dials.append(action)
                    case Send():
                        self._of(action.connection).sent.append(json.loads(action.text))
                    case End():
                        self._of(action.connection).closes.append(action.code)
                    case AskToken():
                        self._asks += 1
                        self._answer_token(action.question)

    def _of(self, connection: int) -> _Socket:
        return next(socket for socket in self._sockets.values() if socket.connection == connection)

    def _answer_token(self, question: int) -> None:
        match self._answer:
            case {"waits": True}:
                self._questions.append(question)
            case {"fails": True}:
                self._core.token_answered(question, NoToken("The provider failed."))
            case value:
                self._core.token_answered(question, answer_of(value))

    def _match(self, got: Json, expected: Json, *, exactly: bool) -> None:
        """Compare, and remember what the names that begin with `$` stand for. Unless `exactly`, objects may have more
        members than expected, and null also means absent."""
        if isinstance(expected, str) and expected.startswith("$"):
            if expected != "$_":
                assert self._values.setdefault(expected, got) == got
        elif isinstance(expected, dict):
            assert isinstance(got, dict), got
            if exactly:
                assert got.keys() == expected.keys(), got
            for key, value in expected.items():
                self._match(got.get(key), value, exactly=exactly)
        elif isinstance(expected, list):
            assert isinstance(got, list), got
            assert len(got) == len(expected), got
            for one, other in zip(got, expected, strict=True):
                self._match(one, other, exactly=exactly)
        else:
            assert got == expected

    def _filled(self, value: Json) -> Json:
        """`value` with the names that begin with `$` replaced by what they stand for."""
        if isinstance(value, str) and value.startswith("$"):
            return self._values[value]
        if isinstance(value, dict):
            return {key: self._filled(member) for key, member in value.items()}
        return [self._filled(member) for member in value] if isinstance(value, list) else value


_STORES = ("market", "leaderboard", "room", "inbox", "channel")


def _value(store: Store) -> Json:
    match store:
        case Latest(channel=channel) if channel.startswith("market."):
            return {name.removeprefix("market."): data for name, data in store.newest.items()}
        case Latest(channel=channel):
            return store.newest.get(channel)
        case Inbox():
            return {
                "unread": msgspec.to_builtins(store.unread),
                "notifications": store.notifications,
                "announcements": store.announcements,
            }
        case Room():
            return {
                "role": store.role,
                "contest": store.contest,
                "leaderboard": store.leaderboard,
                "participant": store.participant,
                "members": store.members,
                "memberCount": store.member_count,
                "spectatorCount": store.spectator_count,
                "adminPresent": store.admin_present,
                "chat": [_chat_item(item) for item in store.chat],
            }
        case Channel():
            raise AssertionError("a channel holds no value")
    raise AssertionError(f"unknown store: {store}")


def _chat_item(item: ChatItem) -> Json:
    error = item.error.code if item.error is not None else None
    return {"id": item.id, "text": item.text, "status": item.status, "messageId": item.messageId, "error": error}


_METHODS = {"asks": "_asks_count"}
"""Steps whose method has another name than the step."""
