"""`duelcast token`, and the signing of tokens with the server's own secret"""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from duelcast.channels.names import Role
from duelcast.cli.options import ConfigOption, parse_duration
from duelcast.clock import SystemClock
from duelcast.domain.accounts.identity import SCOPES, WALLET_GRAMMAR, is_wallet
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.settings import ConfigurationError, Settings, ensure_secret, load_settings, own_secret_file


class RoleName(enum.Enum):
    """Roles that a token may claim."""

    USER = "user"
    ADMIN = "admin"
    SUPERADMIN = "superadmin"


def issue_token(
    wallet: Annotated[str, typer.Option(help="The wallet that the token is for.")],
    role: Annotated[RoleName, typer.Option(help="Role in the token; a stored role takes precedence.")] = RoleName.USER,
    nickname: Annotated[
        str | None, typer.Option(help="Nickname in the token; a stored nickname takes precedence.")
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Issue a machine's token that is limited to this scope; repeatable. Scopes: {', '.join(SCOPES)}."
        ),
    ] = None,
    ttl: Annotated[str, typer.Option(help="How long the token is valid, such as 90s, 15m, 1h or 7d.")] = "1h",
    config: ConfigOption = None,
) -> None:
    """Print a token (JWT, HS256) signed with the configured secret, or with the one that the server generated."""
    if not is_wallet(wallet):
        raise typer.BadParameter(f"a wallet is {WALLET_GRAMMAR}", param_hint="--wallet")
    if unknown := set(scope or ()) - set(SCOPES):
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}; the scopes are {', '.join(SCOPES)}")
    ttl_s = parse_duration(ttl)
    settings = load_settings(config).settings
    check_signing(settings)
    typer.echo(issuer_of(_with_secret(settings)).issue(wallet, Role[role.name], nickname, scope or (), ttl_s))


def _with_secret(settings: Settings) -> Settings:
    """Return `settings` with a secret. If the secret is new, print which servers accept tokens signed with it."""
    file = own_secret_file(settings)
    is_new = file is not None and not file.exists()
    settings = ensure_secret(settings)
    if file is not None and is_new:
        typer.echo(
            f"duelcast: generated a new secret, {file}; only a server with DUELCAST_DATA_DIR={file.parent} "
            "(and no DUELCAST_JWT_SECRET) accepts this token.",
            err=True,
        )
    return settings


def check_signing(settings: Settings) -> None:
    """Raise `ConfigurationError` if the server would refuse our tokens."""
    if settings.jwt_secret is None and settings.jwt_jwks_url is not None:
        raise ConfigurationError(
            "Only the owner of the configured key set issues tokens; set DUELCAST_JWT_SECRET to issue your own."
        )
    if "HS256" not in settings.accepted_algorithms:
        raise ConfigurationError("The server would refuse the token: DUELCAST_JWT_ALGORITHMS does not name HS256.")


def issuer_of(settings: Settings) -> TokenIssuer:
    """An issuer of tokens that the server accepts; the secret of `settings` must be set."""
    assert settings.jwt_secret is not None
    return TokenIssuer(
        SystemClock(),
        settings.jwt_secret.get_secret_value(),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )
