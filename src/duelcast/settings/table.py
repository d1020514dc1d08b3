"""Settings for readers: the reference table, and values without secrets."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from duelcast.settings.fields import Settings
from duelcast.settings.loading import variable

MASK = "********"

_INTRODUCTION = """\
# Settings

Generated from the declarations in `src/duelcast/settings/fields.py` by `make docs`.

A value comes from the first source that sets it: a command-line option, the environment variable, the TOML file named
by `--config` or `DUELCAST_CONFIG`, or the default. A key of the file is the name of the variable without `DUELCAST_`,
in lower case. An empty variable counts as unset. Entries of a list in a variable are separated by commas. A name that
is not in this table is an error, except `DUELCAST_CONFIG` and `DUELCAST_TOKEN` (the token for `duelcast tail`).
`duelcast check-config` shows the effective values and their sources.

| variable | type | default | purpose |
|---|---|---|---|
"""


def masked(name: str, value: object) -> str:
    """The `value` of the setting `name` for display; `********` replaces a secret, and the password and query of an
    address."""
    if value is None:
        return "–"
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, tuple):
        return ", ".join(_entry(one) for one in value) or "–"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if name.endswith("_url"):
        # Up to the last `@`, because people forget to encode special characters of a password.
        text = re.sub(r"(://[^/?#@:]*:).*@", rf"\1{MASK}@", text)
        text = re.sub(r"\?.*", f"?{MASK}", text)
    return text


def _entry(one: object) -> str:
    """An entry for display: only the name of a table, because the rest may contain addresses with passwords."""
    return str(one.get("name", "(no name)")) if isinstance(one, dict) else str(one)


def reference() -> str:
    """The page of all settings, in Markdown."""
    rows = [
        f"| `{variable(name)}` | {_type(field)} | {_default(name, field)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    return _INTRODUCTION + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(name: str, field: FieldInfo) -> str:
    shown = masked(name, field.default)
    return f"`{shown}`" if shown not in ("–", "") else "–"


def _type(field: FieldInfo) -> str:
    name = _type_name(field.annotation)
    limits = {type(limit): limit for limit in field.metadata}
    least = limits.get(Ge) or limits.get(Gt)
    most = limits.get(Le)
    if isinstance(least, Ge) and isinstance(most, Le):
        return f"{name}, {least.ge}–{most.le}"
    if isinstance(least, Ge):
        return f"{name}, {least.ge} or more"
    return f"{name}, more than {least.gt}" if isinstance(least, Gt) else name


_TYPE_NAMES: dict[Any, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
}


def _type_name(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _type_name(get_args(annotation)[0])
    if origin is Literal:
        return " ".join(f"`{choice}`" for choice in get_args(annotation))
    return "list" if origin is tuple else _TYPE_NAMES[annotation]
