"""`duelcast check-config`"""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from duelcast.cli.options import ConfigOption
from duelcast.settings import LoadedSettings, Settings, check_secret_reach, load_settings
from duelcast.settings.loading import variable
from duelcast.settings.table import masked


def check_config(config: ConfigOption = None) -> None:
    """Print every setting with its value, where that comes from, and what it is for; secrets are masked.

    A table on a terminal, else a line per setting with its cells separated by tabs.
    """
    loaded = load_settings(config)
    console = Console()
    if console.is_terminal:
        console.print(_table(loaded))
    else:
        for row in _rows(loaded):
            typer.echo("\t".join(row))
    check_secret_reach(loaded.settings)


def _rows(loaded: LoadedSettings) -> list[tuple[str, str, str, str]]:
    return [
        (
            variable(name),
            masked(name, getattr(loaded.settings, name)),
            loaded.sources[name].value,
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def _table(loaded: LoadedSettings) -> Table:
    table = Table("setting", "value", "source", "what for")
    for row in _rows(loaded):
        table.add_row(*(Text(cell) for cell in row))
    return table
