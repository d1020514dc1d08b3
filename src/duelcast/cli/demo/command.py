"""`duelcast demo`"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from duelcast.cli.greeting import greet
from duelcast.cli.issue_token import check_signing
from duelcast.cli.options import (
    ConfigOption,
    FeedOption,
    HostOption,
    PortOption,
    RootPathOption,
    TlsCertOption,
    TlsKeyOption,
    parse_duration,
)
from duelcast.logs import configure_logging
from duelcast.settings import ConfigurationError, ensure_secret, load_settings

MIN_ROUND_S = 10


def demo(
    host: HostOption = None,
    port: PortOption = None,
    feed: FeedOption = None,
    config: ConfigOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    root_path: RootPathOption = None,
    round_: Annotated[str, typer.Option("--round", help="How long a contest lasts, such as 30s, 5m or 1h.")] = "5m",
) -> None:
    """Run the server with demo data: users, contests, and bots that trade and chat. Needs an empty database, or one
    that an earlier demo created.

    Options override the environment and the configuration file, as they do for `duelcast serve`.
    """
    round_s = parse_duration(round_)
    if round_s < MIN_ROUND_S:
        raise typer.BadParameter(f"a contest lasts at least {MIN_ROUND_S} seconds", param_hint="--round")
    options = {
        "host": host,
        "port": port,
        "feed": feed,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "root_path": root_path,
    }
    settings = load_settings(config, options).settings
    if settings.role != "all" or settings.workers:
        raise ConfigurationError("`duelcast demo` is one process: unset DUELCAST_ROLE and DUELCAST_WORKERS.")
    check_signing(settings)
    settings = ensure_secret(settings)
    configure_logging(settings.log_level, settings.log_format)
    from duelcast.app import run
    from duelcast.cli.demo.companion import Demo

    raise typer.Exit(run(settings, on_listening=partial(greet, settings), companion=Demo(settings, round_s)))
