"""`duelcast serve`"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import typer

from duelcast.cli.greeting import greet
from duelcast.cli.options import (
    ConfigOption,
    FeedOption,
    HostOption,
    PortOption,
    RoleOption,
    RootPathOption,
    SupervisorOption,
    TlsCertOption,
    TlsKeyOption,
    WorkersOption,
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
    role: RoleOption = None,
    workers: WorkersOption = None,
    supervisor_fd: SupervisorOption = None,
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
        "role": role,
        "workers": workers,
    }
    settings = load_settings(config, options).settings
    configure_logging(settings.log_level, settings.log_format)
    from duelcast.app import run, run_workers, serves_alone

    if settings.workers:
        raise typer.Exit(run_workers(settings, _passed_on(config, options)))
    if serves_alone(settings):
        settings = ensure_secret(settings)
    raise typer.Exit(run(settings, on_listening=partial(greet, settings), supervisor_fd=supervisor_fd))


def _passed_on(config: Path | None, options: Mapping[str, object]) -> list[str]:
    """The options that the processes of `--workers` get, too."""
    given = {"config": config, **options, "role": None, "workers": None}
    return [
        word
        for name, value in given.items()
        if value is not None
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
