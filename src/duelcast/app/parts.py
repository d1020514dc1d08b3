"""Parts made from the settings."""

from __future__ import annotations

from duelcast.clock import Clock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.accounts.sign_in import SignIns
from duelcast.domain.accounts.tokens import TokenIssuer, TokenVerifier
from duelcast.domain.contests.chat import ChatSettings
from duelcast.domain.contests.rooms import RoomSettings
from duelcast.domain.contests.service import ContestSettings
from duelcast.domain.market.settings import MarketSettings
from duelcast.feeds.source import Feed
from duelcast.feeds.spec import build_feeds
from duelcast.settings import ConfigurationError, Settings
from duelcast.store.database import Database
from duelcast.store.sqlite import SqliteFile, sqlite_path


def feeds_of(settings: Settings, clock: Clock) -> list[Feed]:
    """Raises `ConfigurationError`."""
    try:
        return build_feeds(settings.feed, clock)
    except ValueError as error:
        raise ConfigurationError(f"DUELCAST_FEED: {error}") from None


def database_of(settings: Settings, clock: Clock) -> Database:
    """Raises `ConfigurationError`."""
    url = settings.database_url
    path = settings.data_dir / "duelcast.db" if url is None else sqlite_path(url)
    return Database(SqliteFile(path, settings.database_busy_timeout_ms), clock)


def verifier_of(
    settings: Settings, accounts: MemoryAccounts, clock: Clock, ended_sessions: EndedSessions
) -> TokenVerifier:
    return TokenVerifier(
        accounts,
        clock,
        secret=None if settings.jwt_secret is None else settings.jwt_secret.get_secret_value(),
        jwks_url=settings.jwt_jwks_url,
        algorithms=settings.accepted_algorithms,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        ended_sessions=ended_sessions,
    )


def sign_ins_of(
    settings: Settings, database: Database, clock: Clock, verifier: TokenVerifier, ended_sessions: EndedSessions
) -> SignIns | None:
    """None where the server would refuse the tokens that it makes, or has no secret to make them with."""
    if settings.jwt_secret is None or "HS256" not in settings.accepted_algorithms:
        return None
    issuer = TokenIssuer(
        clock, settings.jwt_secret.get_secret_value(), issuer=settings.jwt_issuer, audience=settings.jwt_audience
    )
    return SignIns(database, clock, issuer, verifier, ended_sessions)


def market_settings_of(settings: Settings, feeds: list[Feed]) -> MarketSettings:
    conflate = all(getattr(feed, "conflate", True) for feed in feeds)
    return MarketSettings(
        price_interval_ms=settings.price_interval_ms if conflate else 0,
        token_list_interval_ms=int(settings.token_list_interval_s * 1000),
        feed_stale_ms=int(settings.feed_stale_s * 1000),
        posted_stale_ms=int(settings.posted_stale_s * 1000),
        retention_prices_days=settings.retention_prices_days,
        retention_trades_days=settings.retention_trades_days,
    )


def contest_settings_of(settings: Settings) -> ContestSettings:
    return ContestSettings(
        leaderboard_interval_ms=settings.leaderboard_interval_ms,
        rooms=RoomSettings(presence_max_members=settings.presence_max_members, rooms_per_connection=settings.max_rooms),
        chat=ChatSettings(
            messages_per_minute=settings.chat_messages_per_minute,
            max_characters=settings.chat_max_characters,
            retention_days=settings.retention_chat_days,
            rate_limit_factor=settings.rate_limit_factor,
        ),
    )
