"""Prints the names of channels for Python: a constant or a function for each form of names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from duelcast.endpoints.documents.members import PARAMETER, Schema
from duelcast.endpoints.documents.python import docstring, homes_of, literal, module
from duelcast.endpoints.documents.shapes import ChannelFamily, Shapes

_DIGITS = re.compile(r"\^(\[[0-9]-[0-9]\]([*+?]|\{\d+(,\d*)?\})?)+\$")
"""A pattern that only numbers match."""


@dataclass(slots=True)
class _Form:
    """A form of names, such as `chat.{contestId}` or `market.*`, with the endpoints that have such channels or groups,
    and with the names of the messages that these bring."""

    description: str
    parameters: dict[str, Schema]
    endpoints: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def type(self) -> str:
        """The type of the names."""
        return f"Channel[{literal(self.endpoints)}, {' | '.join(dict.fromkeys(self.messages))}]"


def channels(shapes: Shapes) -> str:
    """The module `channels`. Raises `ValueError` if two forms would have one name in Python."""
    forms: dict[str, _Form] = {}
    for endpoint in shapes.endpoints:
        for family in endpoint.channels:
            for template, description, messages in _templates(family):
                used = PARAMETER.findall(template)
                parameters = {name: schema for name, schema in family.parameters.items() if f"{{{name}}}" in used}
                form = forms.setdefault(template, _Form(description, parameters))
                form.endpoints.append(endpoint.name)
                form.messages += messages
    names: dict[str, str] = {}
    for template in forms:
        if names.setdefault(_name(template), template) != template:
            raise ValueError(f"`{names[_name(template)]}` and `{template}` have the same name in Python")
    constants = [template for template in sorted(forms) if not forms[template].parameters]
    functions = [template for template in sorted(forms) if forms[template].parameters]
    return module(
        "The names of the channels and groups.",
        [
            *(_constant(template, forms[template]) for template in constants),
            *(_function(template, forms[template]) for template in functions),
        ],
        homes_of(shapes),
    )


def _templates(family: ChannelFamily) -> Iterator[tuple[str, str, Iterable[str]]]:
    """The templates of a family and of its groups, each with a description and with the names of its messages."""
    followers = f"{family.who[0].upper()}{family.who[1:]} may follow it."
    yield family.name, f"{family.description} {followers}", family.pushes
    if family.group is not None:
        group = "A group of" if PARAMETER.search(family.group) else "The group of all"
        yield family.group, f"{group} channels `{family.name}`. {followers}", family.group_pushes


def _constant(template: str, form: _Form) -> str:
    return "\n".join(
        [f"{_name(template)}: {form.type} = Channel({json.dumps(template)})", *docstring(form.description)]
    )


def _function(template: str, form: _Form) -> str:
    parameters = ", ".join(f"{_snake(name)}: {_type(schema)}" for name, schema in form.parameters.items())
    text = "\n".join(docstring(form.description)).replace("\n", "\n    ")
    filled = PARAMETER.sub(lambda found: f"{{{_snake(found[0][1:-1])}}}", template)
    return (
        f"def {_name(template)}({parameters}) -> {form.type}:\n    {text}\n    return Channel(f{json.dumps(filled)})\n"
    )


def _name(template: str) -> str:
    """`system.errors` → `SYSTEM_ERRORS`, `market.*` → `MARKET_ALL`, `analytics.metric.{metric}` → `analytics_metric`"""
    fixed = PARAMETER.sub("", template).replace("*", "all")
    name = "_".join(part for part in re.split(r"\W+", fixed) if part)
    return name if PARAMETER.search(template) else name.upper()


def _type(parameter: Schema) -> str:
    return "int" if _DIGITS.fullmatch(parameter["pattern"]) else "str"


def _snake(name: str) -> str:
    """`contestId` → `contest_id`"""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
