"""The command `duelcast`: one file per sub-command, and one place that turns failures into an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from duelcast import __version__
from duelcast.cli import (
    achievements,
    asyncapi,
    backup,
    check_config,
    copy_database,
    epoch,
    issue_token,
    migrate,
    record,
    serve,
)
from duelcast.cli.demo import command as demo
from duelcast.cli.events import command as events
from duelcast.cli.tail import command as tail
from duelcast.logs import describe_exception, frames_of
from duelcast.settings import ConfigurationError

EXIT_DEFECT = 1
EXIT_CONFIGURATION = 2
EXIT_INTERRUPTED = 130

# `pretty_exceptions_enable` would print the local variables of a failure, including tokens.
application = typer.Typer(
    name="duelcast",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
application.command("serve")(serve.serve)
application.command("demo")(demo.demo)
application.command("token")(issue_token.issue_token)
application.command("tail")(tail.tail)
application.command("record")(record.record_feed)
application.command("check-config")(check_config.check_config)
application.command("migrate")(migrate.migrate)
application.command("backup")(backup.back_up)
application.command("restore")(backup.restore)
application.command("copy-database")(copy_database.copy_database)
application.command("epoch")(epoch.epoch)
application.add_typer(events.application)
application.add_typer(achievements.application)
application.command("asyncapi")(asyncapi.print_asyncapi)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"duelcast {__version__}")
        raise typer.Exit


@application.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """The real-time server of a trading-contest platform."""


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted (Ctrl-C),
    143 terminated (SIGTERM, see `output_files.terminable`)."""
    try:
        application()
    except ConfigurationError as error:
        typer.echo(f"duelcast: {error}", err=True)
        sys.exit(EXIT_CONFIGURATION)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        typer.echo("\n  ".join([f"duelcast: a defect: {describe_exception(error)}", *frames_of(error)]), err=True)
        sys.exit(EXIT_DEFECT)
