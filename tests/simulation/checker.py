"""Checks what clients have heard against the contract, and against the rows in the database.

It knows nothing of the code: only frames, acknowledgements and rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from tests.simulation.clients import Client, Heard

GROUP, GROUPED = "prices", "price."
CANDIDATES = 2
REFUSALS = {"UNAVAILABLE", "OUTCOME_UNKNOWN"}
"""The codes of all errors that faults may cause (§1.4)."""

Rows = Mapping[str, Sequence[str]]
"""The texts that are stored, by room, in the order of their numbers from 1 on."""


class Violation(AssertionError):
    """The contract is broken."""


def demand(condition: bool, sentence: str, *details: object) -> None:
    """Raise `Violation` unless `condition` is true."""
    if not condition:
        raise Violation(f"{sentence}: {', '.join(map(repr, details))}" if details else sentence)


class Room:
    """An *every* channel as a client knows it: all its texts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.texts: list[str] | None = None
        self.confirmed_seq = 0
        self.awaits_history = False

    def take(self, frame: Mapping[str, Any]) -> None:
        kind = frame["type"]
        if kind == "subscription_confirmed":
            self._confirm(frame)
        elif kind == "history":
            self.texts = [message["text"] for message in frame["messages"]]
            seqs = [message["seq"] for message in frame["messages"]]
            demand(seqs == list(range(1, len(seqs) + 1)), "a snapshot has gaps", self.name, seqs)
            demand(len(seqs) == self.confirmed_seq, "a snapshot is not at its position", self.name, frame)
            self.awaits_history = False
        else:
            demand(self.texts is not None and not self.awaits_history, "a push before the snapshot", self.name, frame)
            assert self.texts is not None
            demand(frame["seq"] == len(self.texts) + 1, "a gap or a repeat", self.name, len(self.texts), frame)
            self.texts.append(frame["text"])

    def established(self, positions: Mapping[str, int]) -> None:
        """The greeting is complete: the replay ends at the positions that it names."""
        if self.name in positions:
            here = None if self.texts is None else len(self.texts)
            demand(here == positions[self.name], "the greeting names another position", self.name, here, positions)

    def _confirm(self, frame: Mapping[str, Any]) -> None:
        self.confirmed_seq = frame["seq"]
        if "recovered" not in frame:
            demand(self.texts is None, "a position was ignored", self.name, frame)
        self.awaits_history = not frame.get("recovered", False)
        if frame.get("recovered"):
            demand(self.texts is not None, "something was recovered for nothing", self.name, frame)
            assert self.texts is not None
            demand(frame["seq"] >= len(self.texts), "the channel went back", self.name, len(self.texts), frame)


class Alarms:
    """An urgent *every* channel, without a snapshot: the texts that the client has heard, by their numbers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seq: int | None = None
        self.texts: dict[int, str] = {}

    def take(self, frame: Mapping[str, Any]) -> None:
        if frame["type"] != "subscription_confirmed":
            demand(
                self.seq is not None and frame["seq"] == self.seq + 1, "a gap or a repeat", self.name, self.seq, frame
            )
            self.seq = frame["seq"]
            self.texts[frame["seq"]] = frame["text"]
            return
        here = -1 if self.seq is None else self.seq
        demand(frame["seq"] >= here, "the channel went back", self.name, self.seq, frame)
        if frame.get("recovered"):
            demand(self.seq is not None, "something was recovered for nothing", self.name, frame)
        else:
            self.seq = frame["seq"]

    def established(self, positions: Mapping[str, int]) -> None:
        """See `Room.established`."""
        if self.name in positions:
            demand(self.seq == positions[self.name], "the greeting names another position", self.seq, positions)


class Latest:
    """A *latest* channel as a client knows it: the newest message of each key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seq = -1
        self.numbered: dict[int, tuple[str, Any]] = {}
        """The key and value of each message, also before the present snapshot."""
        self.state: dict[str, Mapping[str, Any]] = {}
        self.newest: dict[str, Any] = {}

    def begin(self) -> None:
        """The snapshot comes next. Prices are in no database: a leader that dies when the log loses its end takes some
        with it."""
        self.state.clear()
        self.seq = -1
        if self.name.startswith(GROUPED):
            self.newest.clear()

    def take(self, frame: Mapping[str, Any]) -> None:
        if frame["type"] == "subscription_confirmed":
            if frame.get("recovered"):
                demand(frame["seq"] >= self.seq, "the channel went back", self.name, self.seq, frame)
            else:
                self.begin()
            return
        key = frame.get("key", "")
        value = (frame["term"], frame["number"]) if frame["type"] == "price" else frame["count"]
        if "seq" in frame:
            demand(frame["seq"] > self.seq, "a channel went back", self.name, self.seq, frame)
            self.seq = frame["seq"]
            named = self.numbered.setdefault(self.seq, (key, value))
            demand(named == (key, value), "a number was assigned twice", self.name, named, frame)
        demand(
            self.newest.get(key, value) <= value, "an older state came later", self.name, self.newest.get(key), frame
        )
        self.newest[key] = value
        if frame.get("is_end"):
            self.state.pop(key, None)
        else:
            self.state[key] = frame


class View:
    """Everything that one client knows, from its frames."""

    def __init__(self, client: Client, forgotten: Container[str]) -> None:
        self.client = client
        self.promotions = 0
        """How many standbys have taken the place of the database. Each may begin a new epoch, and forget bans."""
        self._forgotten = forgotten
        self.channels: dict[str, Room | Alarms | Latest] = {}
        self._taken = 0
        self._texts: set[str] = set()
        self._connection = 0
        self.followed: set[str] = set()
        """What the present connection follows."""
        self._owed: dict[str, Mapping[str, Any]] = {}
        """Replies that depend on pushes of a channel which have not come, by the channel's name. The channel must
        continue with a recovery, because the gateway has lost its place in the log."""
        self.epoch: str | None = None
        self._epochs: set[str] = set()
        self.has_been_banned = False
        self.banned_by: str | None = None
        """The gateway that has acknowledged the present ban of this client, if there is one."""
        self.banned_from_s = 0.0
        """When everything has arrived that the gateway had sent before."""

    def promoted(self) -> None:
        """Note that a standby has taken the place of the database."""
        self.promotions += 1
        self.banned_by = None

    def catch_up(self) -> None:
        """Check the frames that were received since the last call."""
        heard = self.client.heard
        while self._taken < len(heard):
            one = heard[self._taken]
            self._taken += 1
            try:
                self._take(one)
            except Violation as violation:
                violation.add_note(
                    f"{self.client.name} on connection {one.connection} to {one.gateway} at {one.at_s:.3f} s"
                )
                raise

    def _take(self, one: Heard) -> None:
        frame = one.frame
        is_banned = one.gateway == self.banned_by and one.at_s > self.banned_from_s
        demand(not is_banned or _denies(frame), "a banned client hears something", frame)
        if one.connection != self._connection:
            self._connection = one.connection
            self.followed.clear()
        kind, channel = frame["type"], frame.get("channel")
        if "epoch" in frame:
            self._enter(frame["epoch"])
        if kind == "connection_established":
            for known in self.channels.values():
                if not isinstance(known, Latest):
                    known.established(frame["positions"])
        elif kind == "stored":
            if frame["text"] not in self._texts and frame["text"] not in self._forgotten:
                self._owed |= {f"room.{one.room}": frame for one in self.client.sent if one.text == frame["text"]}
        elif kind == "count" and channel is None:
            self._check_count(frame)
        elif channel is not None:
            self._take_channel(channel, frame)
        elif _denies(frame):
            demand(self.has_been_banned, "a client is taken for a banned one", frame)
        elif kind == "error":
            demand(frame["code"] in REFUSALS and "retryAfterMs" in frame, "a fault is no reason for this error", frame)
        else:
            demand(kind in ("settled", "moderated"), "nobody expects this frame", frame)

    def _enter(self, epoch: str) -> None:
        """In another epoch, no earlier position is valid."""
        if epoch == self.epoch:
            return
        self.epoch = epoch
        self._epochs.add(epoch)
        # The file of each candidate may contradict a promoted standby once.
        demand(len(self._epochs) <= 1 + CANDIDATES * self.promotions, "the epoch has changed", self._epochs)
        self.channels.clear()
        self._owed.clear()
        self._texts.clear()

    def _take_channel(self, channel: str, frame: Mapping[str, Any]) -> None:
        if frame["type"] == "subscription_confirmed":
            self.followed.add(channel)
            if channel == GROUP:
                self._begin_group()
                return
        is_followed = channel in self.followed or (channel.startswith(GROUPED) and GROUP in self.followed)
        demand(is_followed, "a push of another channel", frame)
        reply = self._owed.pop(channel, None)
        demand(
            reply is None or frame["type"] == "subscription_confirmed",
            "a reply overtook the push that it depends on",
            reply,
            frame,
        )
        known = self.channels.get(channel)
        if known is None:
            known = self.channels[channel] = _channel(channel)
        known.take(frame)
        if frame["type"] == "said":
            self._texts.add(frame["text"])
        elif frame["type"] == "history":
            self._texts.update(message["text"] for message in frame["messages"])

    def _begin_group(self) -> None:
        """A group always begins with its snapshot, in which a channel without messages is missing."""
        for name, known in self.channels.items():
            if name.startswith(GROUPED) and isinstance(known, Latest):
                known.begin()

    def _check_count(self, frame: Mapping[str, Any]) -> None:
        known = {name: len(one.texts or ()) for name, one in self.channels.items() if isinstance(one, Room)}
        if max(known.values(), default=0) < frame["count"]:
            self._owed |= dict.fromkeys(known, frame)


def _channel(name: str) -> Room | Alarms | Latest:
    family = name.partition(".")[0]
    if family == "room":
        return Room(name)
    return Alarms(name) if family == "alarm" else Latest(name)


def _denies(frame: Mapping[str, Any]) -> bool:
    return bool(frame["type"] == "error" and frame["code"] == "PERMISSION_DENIED")


def check_rows(clients: Sequence[Client], rows: Rows, forgotten: Container[str]) -> None:
    """Each command must be in the rows as often as its answers say, unless a promoted standby has `forgotten` it."""
    stored = Counter(text for texts in rows.values() for text in texts)
    sent = {one.text: one for client in clients for one in client.sent}
    demand(stored.keys() <= sent.keys(), "rows that nobody sent", stored.keys() - sent.keys())
    for text, one in sent.items():
        times = stored[text]
        if text in forgotten:
            demand(times <= max(1, len(one.outcomes)), "a command is in the rows too often", text, times, one)
        elif "stored" in one.outcomes:
            demand(times == 1, "an acknowledged command is not in the rows exactly once", text, times, one)
        elif set(one.outcomes) <= {"UNAVAILABLE"} and one.outcomes:
            demand(times == 0, "a command that changed nothing is in the rows", text, times, one)
        else:
            demand(times <= 1 or one.command_id is None, "a command is in the rows twice", text, times, one)
            demand(times <= max(1, len(one.outcomes)), "a command is in the rows too often", text, times, one)


def check_view(view: View, rows: Rows, latest: Mapping[str, Mapping[str, Any]]) -> None:
    """A client that is connected must follow all that it has asked for, and have reached the end. `latest` is the state
    of *latest* channels, by name and key."""
    view.catch_up()
    client = view.client
    demand(view.followed == set(client.channels), "a client does not follow its channels", client.name, view.followed)
    for name, known in view.channels.items():
        if isinstance(known, Room):
            texts = rows[name.partition(".")[2]]
            demand(known.texts == list(texts), "a client differs from the rows", client.name, name, known.texts, texts)
    for name, newest in latest.items():
        if name in client.channels or (name.startswith(GROUPED) and GROUP in client.channels):
            copy = view.channels.get(name)
            frames = copy.state if isinstance(copy, Latest) else {}
            state = {key: _value(frame) for key, frame in frames.items()}
            demand(state == newest, "a client has not the newest state", client.name, name, state, newest)


def check_alarms(views: Iterable[View], seq: int, rows: Mapping[int, str], raised: Iterable[str]) -> None:
    """Everybody must be at the position `seq` of the urgent channel. A message has one number, whoever has heard it
    before it was stored, and is stored in the end unless its leader is gone: `raised` are those of the present one. An
    earlier leader may have taken the others with it."""
    heard = dict(rows)
    demand(set(raised) <= set(rows.values()), "an urgent message is not in the rows", set(raised) - set(rows.values()))
    for view in views:
        known = view.channels["alarm"]
        assert isinstance(known, Alarms)
        demand(known.seq == seq, "a client has not heard all urgent messages", view.client.name, known.seq, seq)
        for number, text in known.texts.items():
            demand(heard.setdefault(number, text) == text, "a number has two messages", number, heard[number], text)


def _value(frame: Mapping[str, Any]) -> Any:
    return [frame["term"], frame["number"]] if frame["type"] == "price" else frame["count"]
