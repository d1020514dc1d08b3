"""From a frame to a command (protocol §1.1, §1.4)."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Meta

from duelcast.errors import AppError, InvalidMessage, InvalidRequest, UnknownMessageType
from duelcast.wire.decoding import CommandDecoder, is_as_strict_as_the_contract
from duelcast.wire.json_rules import MAX_VALUES
from duelcast.wire.messages import Command, Record, Symbol
from tests.examples import examples


class Ping(Command, tag="ping"):
    """The command whose `timestamp` counts."""

    uses_timestamp: ClassVar[bool] = True


class Auth(Command, tag="auth"):
    """A command with an old name."""

    token: str


class Since(Record):
    """A part of a command."""

    epoch: Annotated[str, Meta(pattern="^[a-z]{1,4}$")]
    seq: Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Follow(Command, tag="FOLLOW"):
    """A command with a field of each sort that msgspec is strict about."""

    symbols: Annotated[list[Symbol], Meta(min_length=1, max_length=3)]
    limit: Annotated[int, Meta(ge=1, le=100)] | None = None
    status: Literal["open", "closed"] | None = None
    since: Since | None = None

    def __post_init__(self) -> None:
        if self.limit == 13:
            raise InvalidRequest("`limit` must not be 13.", field="limit")


class Track(Command, tag="track"):
    """A command with a free form."""

    data: dict[str, Any]
    weight: float | None = None


class Tree(Record):
    """A part that holds itself."""

    inner: Tree | None = None


class Grow(Command, tag="grow"):
    """A command that can be nested to any depth."""

    tree: Tree


decoder = CommandDecoder(
    {"ping": Ping, "auth": Auth, "authenticate": Auth, "FOLLOW": Follow, "track": Track},
    {"command": "service_command"},
)
slow_only = CommandDecoder({"track": Track})


def decode(message: dict[str, Any]) -> Command:
    return decoder.decode(json.dumps(message).encode())


def deep(levels: int) -> bytes:
    return b'{"requestId":"7","type":"track","data":' + b'{"a":' * (levels - 1) + b"1" + b"}" * levels


def refusal(data: bytes) -> AppError:
    with pytest.raises(AppError) as refused:
        decoder.decode(data)
    return refused.value


class TestAccepted:
    def test_a_message_becomes_its_command(self) -> None:
        assert decode({"type": "FOLLOW", "symbols": ["SOL"], "limit": 5, "requestId": "7"}) == Follow(
            symbols=["SOL"], limit=5, requestId="7"
        )

    def test_the_type_may_come_last(self) -> None:
        assert decode({"symbols": ["SOL"], "type": "FOLLOW"}) == Follow(symbols=["SOL"])

    def test_null_is_an_absent_optional_field(self) -> None:
        assert decode({"type": "FOLLOW", "symbols": ["SOL"], "limit": None, "requestId": None}) == Follow(
            symbols=["SOL"]
        )

    def test_an_old_name_is_read_as_the_new_one(self) -> None:
        assert decode({"type": "authenticate", "token": "x"}) == Auth(token="x")

    def test_of_equal_keys_the_last_counts(self) -> None:
        data = b'{"type":"ping","symbols":5,"type":"FOLLOW","symbols":["SOL"],"limit":-1,"limit":1}'
        assert decoder.decode(data) == Follow(symbols=["SOL"], limit=1)

    def test_fields_of_the_client_itself_are_ignored(self) -> None:
        assert decode({"type": "auth", "token": "x", "_": 1, "_mine": {"a": [1]}}) == Auth(token="x")

    @pytest.mark.parametrize("mine", ["9007199254740992", '"\\u0000"', '"\\ud800"', "[" * 40 + "]" * 40])
    def test_fields_of_the_client_itself_are_not_looked_at(self, mine: str) -> None:
        assert decoder.decode(f'{{"type":"auth","token":"x","_mine":{mine}}}'.encode()) == Auth(token="x")

    @pytest.mark.parametrize("timestamp", [0, 1.5, "x", "x" * 100, None, True, {"a": 1}, [1]])
    def test_any_timestamp_is_ignored(self, timestamp: object) -> None:
        assert decode({"type": "auth", "token": "x", "timestamp": timestamp}) == Auth(token="x")

    @pytest.mark.parametrize("timestamp", [0, -1, 1.5, 1e300, "x" * 64])
    def test_the_timestamp_of_a_ping_is_kept(self, timestamp: float | str) -> None:
        assert decode({"type": "ping", "timestamp": timestamp}) == Ping(timestamp=timestamp)

    def test_a_free_form_keeps_everything_within_the_rules(self) -> None:
        data = {"a": [1, 2.5, None, True, "é", {"_b": 2**53 - 1}]}
        assert decode({"type": "track", "data": data}) == Track(data=data)
        assert slow_only.decode(b'{"type":"track","data":{}}') == Track(data={})

    def test_a_message_of_32_levels_is_read(self) -> None:
        assert isinstance(decoder.decode(deep(32)), Track)


class TestManyFields:
    """More than the command has: the first one that it does not have is named, and the values are not looked at."""

    def test_the_first_unknown_field_is_named_whatever_the_values(self) -> None:
        fields = {"own": 2**60, **{f"x{number}": 0 for number in range(5_000)}}
        with pytest.raises(InvalidRequest) as refused:
            decode({"type": "auth", "token": "x", "requestId": "r", **fields})
        assert (refused.value.field, refused.value.request_id) == ("own", "r")
        assert str(refused.value.message).startswith("`own` is not a field of this message.")

    def test_among_those_of_the_client_itself_too(self) -> None:
        fields = {"_own": 2**60, **{f"_{number}": 0 for number in range(2_000)}, "own": 1, "other": 2**60}
        with pytest.raises(InvalidRequest) as refused:
            decode({"type": "auth", "token": "x", "requestId": "r", **fields})
        assert (refused.value.field, refused.value.request_id) == ("own", "r")

    def test_an_unknown_type_is_named_whatever_the_values(self) -> None:
        with pytest.raises(UnknownMessageType) as refused:
            decode({"type": "auht", "requestId": "r", "own": 2**60, **{f"x{number}": 0 for number in range(5_000)}})
        assert refused.value.request_id == "r"

    def test_what_the_client_itself_sends_is_not_looked_at(self) -> None:
        data = (
            b'{"type":"auth","token":"x","_own":"\\ud800",'
            + b",".join(b'"_%d":1e999' % each for each in range(900))
            + b"}"
        )
        assert decoder.decode(data) == Auth(token="x")

    def test_those_of_the_client_itself_do_not_count(self) -> None:
        mine = {f"_{number}": 0 for number in range(5_000)}
        assert decode({"type": "auth", "token": "x", **mine}) == Auth(token="x")


class TestInvalidMessage:
    @pytest.mark.parametrize(
        "data", [b"", b"ping", b'{"type":"ping"', b'{"type":"ping"}}', b'{"type":"ping","a":"\xff"}']
    )
    def test_what_is_not_json_is_refused(self, data: bytes) -> None:
        assert isinstance(refusal(data), InvalidMessage)

    @pytest.mark.parametrize("data", [b"[]", b"5", b'"ping"', b"null"])
    def test_what_is_not_an_object_is_refused(self, data: bytes) -> None:
        assert isinstance(refusal(data), InvalidMessage)

    @pytest.mark.parametrize("data", [b"{}", b'{"type":5}', b'{"type":null}', b'{"action":"x"}'])
    def test_what_has_no_type_is_refused(self, data: bytes) -> None:
        refused = refusal(data)
        assert isinstance(refused, InvalidMessage)
        assert "`type`" in refused.message
        assert ("`action`" in refused.message) == (b"action" in data)

    @pytest.mark.parametrize("levels", [33, 500, 100_000])
    def test_what_is_too_deep_is_refused(self, levels: int) -> None:
        assert isinstance(refusal(deep(levels)), InvalidMessage)


class TestUnknownType:
    def test_the_nearest_known_type_is_named(self) -> None:
        refused = refusal(b'{"type":"folow"}')
        assert isinstance(refused, UnknownMessageType)
        assert refused.message == "There is no message type `folow` on this endpoint. Did you mean `FOLLOW`?"

    def test_what_is_near_an_old_name_leads_to_the_new_one(self) -> None:
        assert "Did you mean `auth`?" in refusal(b'{"type":"authenticat"}').message

    def test_the_successor_of_an_old_name_is_named(self) -> None:
        assert "Its successor is `service_command`." in refusal(b'{"type":"command"}').message

    def test_a_type_like_nothing_known_stands_alone(self) -> None:
        assert refusal(b'{"type":"zzz"}').message == "There is no message type `zzz` on this endpoint."

    def test_a_type_is_repeated_short_and_printable(self) -> None:
        refused = refusal(json.dumps({"type": "\n\x1b" + "x" * 1000}).encode())
        assert refused.message == f"There is no message type `\ufffd\ufffd{'x' * 62}` on this endpoint."


class TestInvalidRequest:
    @pytest.mark.parametrize(
        ("data", "field"),
        [
            (b'{"type":"FOLLOW"}', "symbols"),
            (b'{"type":"FOLLOW","symbols":null}', "symbols"),
            (b'{"type":"FOLLOW","symbols":["SOL",5]}', "symbols[1]"),
            (b'{"type":"FOLLOW","symbols":["SOL"],"symbol":"x"}', "symbol"),
            (b'{"type":"FOLLOW","symbols":["SOL"],"limit":13}', "limit"),
            (b'{"type":"FOLLOW","symbols":["SOL"],"limit":1e400}', "limit"),
            (b'{"type":"FOLLOW","symbols":["SOL"],"since":{"epoch":"a","seq":9007199254740992}}', "since.seq"),
            (b'{"type":"track","data":{"a":[{"b":1e400}]}}', "data.a[0].b"),
            (b'{"type":"track","data":{},"weight":100000000000000000000}', "weight"),
            (b'{"type":"track","data":{"a":"\\ud800"}}', "data.a"),
            (b'{"type":"auth","token":"\\u0000"}', "token"),
            (b'{"type":"auth","token":"\\ud800"}', "token"),
            (b'{"type":"auth","token":"x","timestamp":100000000000000000000}', "timestamp"),
            (b'{"type":"ping","timestamp":100000000000000000000}', "timestamp"),
            (b'{"type":"ping","timestamp":{}}', "timestamp"),
            (b'{"type":"\\ud800"}', "type"),
        ],
    )
    def test_the_field_at_fault_is_named(self, data: bytes, field: str) -> None:
        refused = refusal(data)
        assert isinstance(refused, InvalidRequest)
        assert refused.field == field


class TestRequestId:
    @pytest.mark.parametrize(
        "rest",
        ['"type":"zzz"', '"type":"auth"', '"a":1', '"type":"track","data":{"a":1e400}', '"type":"FOLLOW","symbols":5'],
    )
    def test_every_refusal_of_an_object_carries_it(self, rest: str) -> None:
        assert refusal(b'{"requestId":"7",%b}' % rest.encode()).request_id == "7"

    def test_a_refusal_by_the_command_itself_carries_it(self) -> None:
        assert refusal(b'{"type":"FOLLOW","symbols":["SOL"],"limit":13,"requestId":"7"}').request_id == "7"

    def test_what_is_too_deep_carries_it(self) -> None:
        assert refusal(deep(33)).request_id == "7"

    @pytest.mark.parametrize("sent", ["", "x" * 65, 5, ["x"], "\0", "\ud800", True])
    def test_an_invalid_one_is_refused_and_not_carried(self, sent: object) -> None:
        refused = refusal(json.dumps({"type": "ping", "requestId": sent}).encode())
        assert isinstance(refused, InvalidRequest)
        assert refused.field is not None
        assert refused.field.startswith("requestId")
        assert refused.request_id is None

    def test_what_is_no_object_has_none(self) -> None:
        assert refusal(b"[]").request_id is None


class TestStrictness:
    def test_commands_of_bounded_types_are_decoded_in_one_pass(self) -> None:
        assert all(is_as_strict_as_the_contract(command) for command in (Ping, Auth, Follow))

    def test_commands_with_a_free_form_or_a_form_without_bottom_are_not(self) -> None:
        assert not is_as_strict_as_the_contract(Track)
        assert not is_as_strict_as_the_contract(Grow)

    @pytest.mark.parametrize("kind", [int, float, Any, dict[str, int], list[float], Annotated[int, Meta(ge=0)]])
    def test_a_type_that_takes_huge_integers_is_not(self, kind: Any) -> None:
        command = msgspec.defstruct("Huge", [("value", kind)], bases=(Command,), tag="huge", kw_only=True)
        assert issubclass(command, Command)
        assert not is_as_strict_as_the_contract(command)


# JSON near the grammar: whole commands, with one member or two of which anything may be wrong.
numbers = st.sampled_from([0, 1, 13, 101, 2**53 - 1, 2**53, -(2**53), 2**63, 2**64, 10**25, 0.5, 1e300, 5e-324])
texts = st.sampled_from(["", "SOL", "sol\n", "x" * 65, "open", "ab", "\0", "\ud800", "\U0001f600"])
scalars = st.none() | st.booleans() | numbers | st.integers() | st.floats(allow_nan=False) | texts
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["epoch", "seq", "_a", "b", "\0"]), inner, max_size=3)
    ),
    max_leaves=4,
)
positions = st.fixed_dictionaries({"epoch": st.sampled_from(["ab", "A"]), "seq": numbers}, optional={"b": scalars})
valid = {
    "ping": st.just(()),
    "auth": st.tuples(st.tuples(st.just("token"), texts)),
    "authenticate": st.tuples(st.tuples(st.just("token"), texts)),
    "FOLLOW": st.tuples(
        st.tuples(st.just("symbols"), st.lists(st.sampled_from(["SOL", "btc"]), min_size=1, max_size=3)),
        st.tuples(st.just("limit"), st.none() | st.integers(1, 14)),
        st.tuples(st.just("since"), st.none() | positions),
    ),
    "track": st.tuples(
        st.tuples(st.just("data"), st.fixed_dictionaries({"a": anything})),
        st.tuples(st.just("weight"), numbers),
    ),
    "zzz": st.just(()),
}
additions = st.one_of(
    st.tuples(st.just("timestamp"), numbers | anything),
    st.tuples(st.just("requestId"), texts | anything),
    st.tuples(st.sampled_from(["_mine", "other", "\0"]), anything),
    st.tuples(st.sampled_from(["symbols", "limit", "status", "since", "data", "weight", "token"]), texts | anything),
    st.tuples(st.just("type"), st.sampled_from(sorted(valid)) | scalars),
)


@st.composite
def near_messages(draw: st.DrawFn) -> bytes:
    """Objects that are often a command, with repeated keys and in any order."""
    name = draw(st.sampled_from(sorted(valid)))
    members: list[tuple[str, Any]] = [("type", name), *draw(valid[name]), *draw(st.lists(additions, max_size=2))]
    pairs = draw(st.permutations(members))
    ascii_only = draw(st.booleans())
    text = ",".join(f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=ascii_only)}" for key, value in pairs)
    return f"{{{text}}}".encode("utf-8", "surrogatepass")


def outcome(decode_bytes: Any, data: bytes) -> tuple[Any, ...]:
    try:
        return ("command", decode_bytes(data))
    except AppError as refused:
        return (type(refused), refused.message, refused.field, refused.request_id)


@settings(max_examples=examples(1000))
@example(b'{"type":"ping","timestamp":100000000000000000000}')
@given(near_messages())
def test_both_ways_of_decoding_accept_the_same_messages_with_the_same_meaning(data: bytes) -> None:
    assert outcome(decoder.decode, data) == outcome(decoder._decode_slowly, data)


@settings(max_examples=examples(300))
@given(
    st.binary(max_size=80)
    | st.text(alphabet='{}[]",:\\u0d8etypeping1- ', max_size=80).map(str.encode)
    | near_messages().flatmap(
        lambda data: st.tuples(st.just(data), st.integers(0, len(data)), st.binary(max_size=3)).map(
            lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + 1 :]
        )
    )
)
def test_whatever_comes_a_command_or_one_of_three_errors_comes_out(data: bytes) -> None:
    result = outcome(decoder.decode, data)
    assert result[0] in {"command", InvalidMessage, UnknownMessageType, InvalidRequest}
    if result[0] != "command":
        assert result[1].isprintable()


def test_more_than_ten_thousand_values_are_refused_also_where_the_command_would_take_them() -> None:
    class Sum(Command, tag="sum"):
        numbers: list[Annotated[int, Meta(ge=0, le=9)]]

    adder = CommandDecoder({"sum": Sum})
    numbers = [1] * (MAX_VALUES - 3)
    assert adder.decode(json.dumps({"type": "sum", "numbers": numbers}).encode()) == Sum(numbers=numbers)
    with pytest.raises(InvalidMessage, match="10,000 values"):
        adder.decode(json.dumps({"type": "sum", "numbers": [*numbers, 1]}).encode())
