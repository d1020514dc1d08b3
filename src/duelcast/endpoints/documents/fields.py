"""JSON schemas of structs whose fields are described, for every document.

A field is described by the string literal directly below it in the source, as members of enumerations are, and by the
description of its type (`Annotated[…, Meta(description=…)]`), which says what all fields of that type have in common.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.inspect import StructType, multi_type_info

Schema = dict[str, Any]

PREFIX = "#/components/schemas/"
"""The beginning of references to named schemas."""

_CITATION = re.compile(r" \(protocol §[\d.]+(, §[\d.]+)*\)")
_NULL: Schema = {"type": "null"}


def schema_components(types: Iterable[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """The schemas of `types`, and the schemas of all structs in them by name, with descriptions for readers.

    Each property has a `description`, or is a reference to a schema that has one, if its field is described.
    """
    given = list(types)
    structs = list(_structs_in(given))
    schemas, named = msgspec.json.schema_components([*given, *structs], ref_template=f"{PREFIX}{{name}}")
    given_schemas, references = schemas[: len(given)], schemas[len(given) :]
    described = {
        reference["$ref"]: with_field_descriptions(struct, named[reference["$ref"].removeprefix(PREFIX)])
        for struct, reference in zip(structs, references, strict=True)
    }
    return list(given_schemas), {
        name: _for_readers(described.get(f"{PREFIX}{name}", schema)) for name, schema in named.items()
    }


def opened(schema: Schema) -> Schema:
    """`schema` of an object of the server, with undeclared members allowed: later versions may add some."""
    return {name: value for name, value in schema.items() if (name, value) != ("additionalProperties", False)}


def with_private_members(schema: Schema) -> Schema:
    """`schema` of an object of a client, with the client's own members (`_…`) allowed."""
    return {**schema, "patternProperties": {"^_": {"description": "The client's own; ignored."}}}


def with_field_descriptions(struct: type[Struct], schema: Schema) -> Schema:
    """`schema`, the schema of `struct`, with a description of each described field."""
    texts = field_texts(struct)
    encoded = dict(zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True))
    properties = {
        name: _described(property_schema, texts.get(encoded.get(name, name)))
        for name, property_schema in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties} if properties else schema


def field_texts(struct: type[Struct]) -> Mapping[str, str]:
    """The string literals below the fields of `struct`, by field, including inherited fields."""
    found: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if issubclass(base, Struct) and base is not Struct:
            found |= _texts_of_module(base.__module__).get(base.__qualname__, {})
    return found


def _described(schema: Schema, text: str | None) -> Schema:
    """`schema` of a property with `text` in front of the description of its type. The description of the only
    alternative to null counts as the description of the type."""
    alternatives = [part for part in schema.get("anyOf", ()) if part != _NULL]
    own = schema.get("description")
    if own is None and len(alternatives) == 1 and "description" in alternatives[0]:
        own = alternatives[0]["description"]
        bare = {name: value for name, value in alternatives[0].items() if name != "description"}
        schema = {**schema, "anyOf": [bare if part is alternatives[0] else part for part in schema["anyOf"]]}
    sentences = [part for part in (text, own) if part]
    return {**schema, "description": reader_text(" ".join(sentences))} if sentences else schema


def _for_readers(schema: Schema) -> Schema:
    return {**schema, "description": reader_text(schema.get("description", ""))}


def reader_text(text: str) -> str:
    """`text` without the indentation of a docstring, and without its citations of the contract."""
    return _CITATION.sub("", inspect.cleandoc(text))


def _structs_in(types: Iterable[Any]) -> Iterator[type[Struct]]:
    """Every struct in `types`, at any depth, each once."""
    found: set[type[Struct]] = set()
    waiting: list[Any] = list(multi_type_info(types))
    while waiting:
        part = waiting.pop()
        if isinstance(part, StructType):
            if part.cls in found:
                continue
            found.add(part.cls)
            yield part.cls
        if isinstance(part, list | tuple):
            waiting += part
        elif isinstance(part, Struct):
            waiting += (getattr(part, name) for name in part.__struct_fields__)


@cache
def _texts_of_module(module: str) -> Mapping[str, Mapping[str, str]]:
    """The string literals below the attributes of the classes of a module, by class and attribute."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: dict(_texts_of_class(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _texts_of_class(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for attribute, below in pairwise(node.body):
        match attribute, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, text
