"""Signs tokens that the server accepts, with its own secret."""

from __future__ import annotations

from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.settings import ConfigurationError, Settings


def check_signing(settings: Settings) -> None:
    """Raises `ConfigurationError` if the server would refuse our tokens."""
    if settings.jwt_secret is None and settings.jwt_jwks_url is not None:
        raise ConfigurationError("Tokens come from the owner of the key set; set DUELCAST_JWT_SECRET to issue some.")
    if "HS256" not in settings.accepted_algorithms:
        raise ConfigurationError("The server would refuse the token: DUELCAST_JWT_ALGORITHMS does not name HS256.")


def issuer_of(settings: Settings) -> TokenIssuer:
    """Signs with the secret of `settings`, which must be set."""
    assert settings.jwt_secret is not None
    return TokenIssuer(
        SystemClock(),
        settings.jwt_secret.get_secret_value(),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )
