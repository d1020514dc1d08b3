"""`duelcast serve`"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from duelcast.cli.greeting import greet
from duelcast.cli.options import ConfigOption
from duelcast.logs import configure_logging
from duelcast.settings import ensure_secret, load_settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    feed: Annotated[str | None, typer.Option(help="Where prices come from; several are separated by `;`.")] = None,
    config: ConfigOption = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM file of the certificate chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of the private key.")] = None,
    root_path: Annotated[str | None, typer.Option(help="Path under which a proxy publishes the server.")] = None,
) -> None:
    """Run the server until it is told to stop. Options win over the environment and the file.

    Every other setting: docs/settings.md, and `duelcast check-config`.
    """
    options = {
        "host": host,
        "port": port,
        "feed": feed,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "root_path": root_path,
    }
    settings = ensure_secret(load_settings(config, options).settings)
    configure_logging(settings.log_level, settings.log_format)
    from duelcast.app import run

    raise typer.Exit(run(settings, on_listening=partial(greet, settings)))
