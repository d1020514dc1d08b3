"""`duelcast serve`"""

from __future__ import annotations

from functools import partial

import typer

from duelcast.cli.greeting import greet
from duelcast.cli.options import (
    ConfigOption,
    FeedOption,
    HostOption,
    PortOption,
    RootPathOption,
    TlsCertOption,
    TlsKeyOption,
)
from duelcast.logs import configure_logging
from duelcast.settings import ensure_secret, load_settings


def serve(
    host: HostOption = None,
    port: PortOption = None,
    feed: FeedOption = None,
    config: ConfigOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    root_path: RootPathOption = None,
) -> None:
    """Run the server until it is stopped. Options override the environment and the configuration file.

    For all other settings, see docs/settings.md and `duelcast check-config`.
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
