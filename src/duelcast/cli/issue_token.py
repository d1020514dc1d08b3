"""`duelcast token`"""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from duelcast.channels.names import Role
from duelcast.cli.options import ConfigOption, parse_duration
from duelcast.clock import SystemClock
from duelcast.domain.accounts.identity import SCOPES, is_wallet
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
        list[str] | None, typer.Option(help=f"For a machine: may make these POSTs alone; of {', '.join(SCOPES)}.")
    ] = None,
    ttl: Annotated[str, typer.Option(help="How long it is valid: 90s, 15m, 1h, 7d.")] = "1h",
    config: ConfigOption = None,
) -> None:
    """Print a token (JWT, HS256) signed with the configured secret, or the one that the server made."""
    if not is_wallet(wallet):
        raise typer.BadParameter("a wallet is 1–64 of A-Z, a-z, 0-9, _ and -", param_hint="--wallet")
    if unknown := set(scope or ()) - set(SCOPES):
        raise typer.BadParameter(f"no scope {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    ttl_s = parse_duration(ttl)
    settings = load_settings(config).settings
    issuer = TokenIssuer(SystemClock(), _secret(settings), issuer=settings.jwt_issuer, audience=settings.jwt_audience)
    typer.echo(issuer.issue(wallet, Role[role.name], nickname, scope or (), ttl_s))


def _secret(settings: Settings) -> str:
    """What to sign with. Says so where it had to be made: a server with other data does not know it.

    Raises `ConfigurationError` where the server would refuse the token.
    """
    if settings.jwt_secret is None and settings.jwt_jwks_url is not None:
        raise ConfigurationError("Tokens come from the owner of the key set; set DUELCAST_JWT_SECRET to issue some.")
    if "HS256" not in settings.accepted_algorithms:
        raise ConfigurationError("The server would refuse the token: DUELCAST_JWT_ALGORITHMS does not name HS256.")
    file = own_secret_file(settings)
    is_new = file is not None and not file.exists()
    secret = ensure_secret(settings).jwt_secret
    assert secret is not None, "it is configured or made"
    if file is not None and is_new:
        typer.echo(
            f"duelcast: made a new secret, {file}; only a server with DUELCAST_DATA_DIR={file.parent} "
            "(and no DUELCAST_JWT_SECRET) takes this token.",
            err=True,
        )
    return secret.get_secret_value()
