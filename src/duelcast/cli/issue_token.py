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
    wallet: Annotated[str, typer.Option(help="Wallet that the token is for.")],
    role: Annotated[RoleName, typer.Option(help="Role that it claims; a stored role wins.")] = RoleName.USER,
    nickname: Annotated[str | None, typer.Option(help="Nickname that it claims; a stored one wins.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help=f"For a machine, which may do this alone; of {', '.join(SCOPES)}.")
    ] = None,
    ttl: Annotated[str, typer.Option(help="How long it is valid: 90s, 15m, 1h, 7d.")] = "1h",
    config: ConfigOption = None,
) -> None:
    """Print a token (JWT, HS256) signed with the configured secret, or the one that the server made."""
    if not is_wallet(wallet):
        raise typer.BadParameter(f"a wallet is {WALLET_GRAMMAR}", param_hint="--wallet")
    if unknown := set(scope or ()) - set(SCOPES):
        raise typer.BadParameter(f"no scope {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    ttl_s = parse_duration(ttl)
    settings = load_settings(config).settings
    check_signing(settings)
    typer.echo(issuer_of(_with_secret(settings)).issue(wallet, Role[role.name], nickname, scope or (), ttl_s))


def _with_secret(settings: Settings) -> Settings:
    """`settings` with a secret to sign with. Prints a notice if it had to be made: servers with other data lack it."""
    file = own_secret_file(settings)
    is_new = file is not None and not file.exists()
    settings = ensure_secret(settings)
    if file is not None and is_new:
        typer.echo(
            f"duelcast: made a new secret, {file}; only a server with DUELCAST_DATA_DIR={file.parent} "
            "(and no DUELCAST_JWT_SECRET) takes this token.",
            err=True,
        )
    return settings


def check_signing(settings: Settings) -> None:
    """Raises `ConfigurationError` if the server would refuse our tokens."""
    if settings.jwt_secret is None and settings.jwt_jwks_url is not None:
        raise ConfigurationError("Tokens come from the owner of the key set; set DUELCAST_JWT_SECRET to issue some.")
    if "HS256" not in settings.accepted_algorithms:
        raise ConfigurationError("The server would refuse the token: DUELCAST_JWT_ALGORITHMS does not name HS256.")


def issuer_of(settings: Settings) -> TokenIssuer:
    """Makes tokens that the server accepts, with the secret of `settings`, which must be set."""
    assert settings.jwt_secret is not None
    return TokenIssuer(
        SystemClock(),
        settings.jwt_secret.get_secret_value(),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )
