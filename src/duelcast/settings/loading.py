"""Loads settings from four sources, in order of precedence: command line, environment, file, default."""

from __future__ import annotations

import enum
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from duelcast.settings.fields import Settings

ENV_PREFIX = "DUELCAST_"
CONFIG_VARIABLE = "DUELCAST_CONFIG"
TOKEN_VARIABLE = "DUELCAST_TOKEN"  # noqa: S105 - the name of a variable, not a secret
"""The variable that contains the token for `duelcast tail`; it is not a setting of the server."""


_NAMED = re.compile(rf"`({'|'.join(Settings.model_fields)})`")
"""Matches the name of a setting in the text of a problem that concerns several settings."""


class ConfigurationError(Exception):
    """The configuration cannot be used. The text is one line that says what to set, and contains no secret."""


class Source(enum.Enum):
    """The sources of a value, in order of precedence."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and the source of each field by name; `file` is the configuration file, None if there is none."""

    settings: Settings
    sources: Mapping[str, Source]
    file: Path | None = None


def variable(name: str) -> str:
    """The environment variable of the setting `name`."""
    return ENV_PREFIX + name.upper()


def load_settings(config: Path | None = None, options: Mapping[str, Any] | None = None) -> LoadedSettings:
    """Read all sources. `config` is a TOML file (default: the one named by `DUELCAST_CONFIG`); `options` that are None
    count as not given.

    Raises `ConfigurationError` for unknown names, invalid values and an unreadable file.
    """
    _refuse_unknown_variables(os.environ)
    named = config or (Path(path) if (path := os.environ.get(CONFIG_VARIABLE)) else None)
    layers = {
        Source.OPTION: {name: value for name, value in (options or {}).items() if value is not None},
        Source.ENVIRONMENT: EnvSettingsSource(Settings)(),
        Source.FILE: _read_file(named) if named else {},
    }
    values: dict[str, Any] = {}
    sources = dict.fromkeys(Settings.model_fields, Source.DEFAULT)
    for source, layer in layers.items():
        for name, value in layer.items():
            if name not in values:
                values[name] = value
                sources[name] = source
    try:
        return LoadedSettings(Settings(**values), sources, named)
    except ValidationError as error:
        raise ConfigurationError(_sentences(error, sources)) from None


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {variable(name) for name in Settings.model_fields} | {CONFIG_VARIABLE, TOKEN_VARIABLE}
    for name in environment:
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known:
            raise ConfigurationError(f"{name} is not a setting; did you mean {_nearest(name.upper(), known)}?")


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"The configuration file {path} cannot be read.") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line \d+, column \d+", str(error))
        where = f" ({place.group()})" if place else ""
        raise ConfigurationError(f"The configuration file {path} is not TOML{where}.") from None
    for name in values:
        if name not in Settings.model_fields:
            known = _nearest(name, Settings.model_fields)
            raise ConfigurationError(f"`{name}` in {path} is not a setting; did you mean `{known}`?")
    return values


def _sentences(error: ValidationError, sources: Mapping[str, Source]) -> str:
    """One sentence per problem; pydantic's messages name bounds and types, never the value."""
    sentences = []
    for problem in error.errors(include_url=False, include_input=False):
        text = _NAMED.sub(lambda named: _as_written(named[1], sources), problem["msg"].removeprefix("Value error, "))
        if problem["loc"]:
            name = str(problem["loc"][0])
            written = _as_written(name, sources)
            text = (
                f"{written}: {text[0].lower()}{text[1:]}" if problem["type"] != "value_error" else f"{written} {text}"
            )
        sentences.append(f"{text}.")
    return " ".join(sentences)


def _as_written(name: str, sources: Mapping[str, Source]) -> str:
    """The setting `name` as its source spells it."""
    source = sources[name]
    if source is Source.FILE:
        return f"`{name}` in the configuration file"
    return f"--{name.replace('_', '-')}" if source is Source.OPTION else variable(name)


def _nearest(name: str, known: Iterable[str]) -> str:
    """The known name with the spelling closest to `name`."""
    return get_close_matches(name, list(known), n=1, cutoff=0.0)[0]
