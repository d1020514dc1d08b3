"""Turns msgspec's refusal of a message into our own sentences.

msgspec gives its reason only as text, which may contain the client's input. This module takes the text apart. The
answer repeats nothing of the input except the names of fields, made printable.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable
from functools import cache

import msgspec
from msgspec import Struct, inspect

from duelcast.errors import InvalidRequest
from duelcast.wire.json_rules import printable

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<types>[^`]*)`(?P<limit>.*?)(?:, got .*)?", re.DOTALL)
_LENGTH = re.compile(r" of length (?P<bound>[<>]=) (?P<size>\d+)")
_RANGE = re.compile(r" (?P<bound>[<>]=?) (?P<number>-?[\d.e+\-]+)")
_PATTERN = re.compile(r" matching regex (?P<text>.*)", re.DOTALL)
_STEP = re.compile(r"\[(?:\d+|\.\.\.)\]|[^.\[]+")

_TYPES = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "uuid": "a UUID",
    "datetime": "an ISO-8601 time with an offset",
}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The entry of `known` most similar to `name`, ignoring case; None if none is similar."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return by_folded[found[0]] if found else None


def invalid_request(command: type[Struct], error: msgspec.ValidationError, *, at: str = "") -> InvalidRequest:
    """The answer to a message that msgspec refused as a `command` with `error`.

    `at` is the path of the decoded part, such as `[3]`, if that was not the whole message.
    """
    place = _PLACE.fullmatch(str(error))
    assert place is not None, "the expression matches any text"
    what = place["what"]
    path = (place["path"] or "").removeprefix(".")
    if missing := _MISSING.fullmatch(what):
        field = _within(at, _join(path, missing["name"]))
        return InvalidRequest(f"`{field}` is missing.", field=field)
    if unknown := _UNKNOWN.fullmatch(what):
        return unknown_field(command, unknown["name"], at=at, path=path)
    field = _within(at, _shown(path))
    subject = f"`{field}`" if field else "The request"
    return InvalidRequest(f"{subject} {_demand(command, path, what)}.", field=field or None)


def _shown(path: str) -> str:
    """The path for the answer, without `[...]`, because msgspec does not say which key of a mapping it means."""
    return path.replace("[...]", "")


def _join(path: str, name: str) -> str:
    return f"{_shown(path)}.{printable(name)}" if path else printable(name)


def _within(at: str, path: str) -> str:
    return f"{at}.{path}" if at and path else at or path


def unknown_name(error: msgspec.ValidationError) -> str | None:
    """The unknown field that `error` reports in the outermost object; None if `error` reports something else."""
    found = _UNKNOWN.fullmatch(str(error))
    return None if found is None else found["name"]


def unknown_field(command: type[Struct], name: str, *, at: str = "", path: str = "") -> InvalidRequest:
    """The answer to a message with a field that `command` does not have; `path` leads to the object with that field."""
    field = _within(at, _join(path, name))
    known = [each.encode_name for each in _fields_at(command, path)]
    near = nearest(printable(name), known)
    hint = f" Did you mean `{near}`?" if near else ""
    return InvalidRequest(f"`{field}` is not a field of this message.{hint}", field=field)


def _demand(command: type[Struct], path: str, what: str) -> str:
    expected = _EXPECTED.fullmatch(what)
    if expected:
        names = expected["types"].split(" | ")
        # Leave out null, which means an absent field, and an integer if any number will do.
        names = [name for name in names if name != "null" and not (name == "int" and "float" in names)]
        # msgspec names only the type that the value has, if that type is among those expected.
        if names == ["str"] and any(isinstance(each, inspect.IntType) for each in _types_at(command, path)):
            names = ["int", "str"]
        kinds = " or ".join(_TYPES.get(name, name) for name in names)
        return f"must be {kinds}{_limit(command, names[-1], expected['limit'])}"
    if what == "Invalid UUID":
        return f"must be {_TYPES['uuid']}"
    if what == "Invalid RFC3339 encoded datetime":
        return f"must be {_TYPES['datetime']}"
    choices = _choices_at(command, path)
    if choices:
        return f"must be one of {', '.join(f'`{choice}`' for choice in choices)}"
    return "is not valid"


def _limit(command: type[Struct], kind: str, limit: str) -> str:
    if length := _LENGTH.fullmatch(limit):
        unit = "character" if kind == "str" else "member"
        return f" of {_BOUNDS[length['bound']]} {length['size']} {unit}{'' if length['size'] == '1' else 's'}"
    if bound := _RANGE.fullmatch(limit):
        return f" of {_BOUNDS[bound['bound']]} {bound['number']}"
    if pattern := _PATTERN.fullmatch(limit):
        expression = str(ast.literal_eval(pattern["text"]))
        meaning = _meanings(command).get(expression)
        return f": {meaning.rstrip('.')}" if meaning else f" that matches {expression}"
    return ""


@cache
def _meanings(command: type[Struct]) -> dict[str, str]:
    """The descriptions of the patterned strings in `command`, by pattern."""
    found: dict[str, str] = {}
    waiting: list[inspect.Type] = [inspect.type_info(command)]
    while waiting:
        match waiting.pop():
            case inspect.Metadata(
                type=inspect.StrType(pattern=str(pattern)), extra_json_schema={"description": str(text)}
            ):
                found[pattern] = text
            case inspect.Metadata(type=inner):
                waiting.append(inner)
            case inspect.UnionType(types=types):
                waiting += types
            case inspect.StructType(fields=fields):
                waiting += [each.type for each in fields]
            case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
                waiting.append(item)
            case inspect.DictType(key_type=key, value_type=value):
                waiting += (key, value)
    return found


def _types_at(command: type[Struct], path: str) -> list[inspect.Type]:
    """Every type that a value at `path` may have; empty if the declaration has no such path."""
    types = _alternatives(inspect.type_info(command))
    for step in _STEP.findall(path):
        types = [part for whole in types for part in _step_into(whole, step)]
    return types


def _alternatives(declared: inspect.Type) -> list[inspect.Type]:
    if isinstance(declared, inspect.UnionType):
        return [part for each in declared.types for part in _alternatives(each)]
    if isinstance(declared, inspect.Metadata):
        return _alternatives(declared.type)
    return [declared]


def _step_into(whole: inspect.Type, step: str) -> list[inspect.Type]:
    if isinstance(whole, inspect.StructType):
        return [part for each in whole.fields if each.encode_name == step for part in _alternatives(each.type)]
    if isinstance(whole, inspect.ListType | inspect.VarTupleType) and step[0] == "[":
        return _alternatives(whole.item_type)
    if isinstance(whole, inspect.DictType) and step == "[...]":
        return _alternatives(whole.value_type)
    return []


def _fields_at(command: type[Struct], path: str) -> list[inspect.Field]:
    structs = (each for each in _types_at(command, path) if isinstance(each, inspect.StructType))
    return [each for struct in structs for each in struct.fields]


def _choices_at(command: type[Struct], path: str) -> list[object]:
    choices: list[object] = []
    for each in _types_at(command, path):
        if isinstance(each, inspect.LiteralType):
            choices.extend(each.values)
        elif isinstance(each, inspect.EnumType):
            choices.extend(member.value for member in each.cls)
    return choices
