"""Every setting: its type, bounds, default and the reason it exists. Units are in the names."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from jwt import InvalidKeyError
from jwt.algorithms import HMACAlgorithm
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

KIB = 1024
MIB = 1024 * KIB
SECRET_MIN_BYTES = 32
SECRET_MIN_VARIETY = 8

SECRET_ALGORITHMS = ("HS256", "HS384", "HS512")
KEY_SET_ALGORITHMS = ("EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
USUAL_ALGORITHMS = ("HS256", "EdDSA", "RS256", "ES256")
"""The algorithms accepted if the configuration names none."""

Names = Annotated[tuple[str, ...], NoDecode]
"""A list; in an environment variable its entries are separated by commas."""
Tables = Annotated[tuple[dict[str, Any], ...], NoDecode]
"""Tables of the configuration file."""
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Timeout = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Bytes = Annotated[int, Field(ge=KIB, le=2**31 - 1)]


class Settings(BaseSettings):
    """The values that a server runs with.

    They come only from arguments and defaults; `load_settings` adds the environment and a file.
    """

    model_config = SettingsConfigDict(
        env_prefix="DUELCAST_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on; `0.0.0.0` or `::` for all.")
    port: int = Field(default=8069, ge=0, le=65535, description="Port of HTTP and WebSocket; 0 takes any free one.")
    root_path: str = Field(
        default="", description="Path under which a proxy publishes the server, without a trailing slash."
    )
    tls_cert: Path | None = Field(default=None, description="PEM file of the certificate chain; requires `tls_key`.")
    tls_key: Path | None = Field(default=None, description="PEM file of the certificate's private key.")
    trusted_proxies: Names = Field(
        default=(), description="Addresses or networks of proxies whose `X-Forwarded-For` is trusted."
    )
    allowed_origins: Names = Field(
        default=(),
        description="Web origins whose pages may use the server, in addition to its own, such as "
        "`https://app.example.org`.",
    )
    ops_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port of `/metrics`, `/healthz` and `/readyz`, which the public port then no longer serves; 0 "
        "takes any free one.",
    )
    ops_host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen on for `ops_port`; `0.0.0.0` or `::` for all."
    )
    public_ops: bool = Field(
        default=True,
        description="Serve metrics and documents to everybody. If false, only admins may read them, and `/readyz` "
        "hides its reasons.",
    )
    metrics_interval_s: Seconds = Field(
        default=1,
        description="Time for which a rendered `/metrics` is reused, because rendering blocks everything else.",
    )

    feed: str = Field(default="simulated", min_length=1, description="Sources of prices, separated by `;`.")
    feed_attempt_timeout_s: Annotated[float, Field(gt=0, le=3_600)] = Field(
        default=120,
        description="Time after which a feed that has not reached its venue is restarted.",
    )
    feed_stale_s: Seconds = Field(default=30, description="Silence of a feed after which its prices count as stale.")
    symbol_stale_s: Seconds = Field(
        default=300,
        description="Silence of one symbol of a feed, such as a halted pair, after which its price counts as stale.",
    )
    posted_stale_s: Seconds = Field(default=300, description="Age at which a price posted over HTTP counts as stale.")
    price_interval_ms: Count = Field(
        default=100, le=60_000, description="Time in which at most one price per symbol is published."
    )
    clock_slew_percent: int = Field(
        default=50,
        ge=1,
        le=90,
        description="How much slower than the wall clock receipt times advance after that clock was set back, until "
        "both agree.",
    )
    clock_max_ahead_s: Seconds = Field(
        default=3600,
        description="If the newest stored price is further ahead of the wall clock at the start, receipt times "
        "continue from the wall clock instead.",
    )
    token_list_interval_s: Seconds = Field(
        default=10, description="Time in which at most one complete token list is published."
    )

    jwt_secret: SecretStr | None = Field(
        default=None,
        description="Key of HS256 tokens, at least 32 random bytes; if unset, the server generates one, for loopback "
        "only.",
    )
    jwt_jwks_url: str | None = Field(
        default=None,
        description="Address of the key set for verifying tokens; `https:`, or `http:` on loopback.",
    )
    jwt_issuer: str | None = Field(default=None, description="The `iss` that a token must have.")
    jwt_audience: str | None = Field(default=None, description="The `aud` that a token must have.")
    jwt_algorithms: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        description=(
            f"Accepted algorithms. With a secret: {', '.join(SECRET_ALGORITHMS)}; with a key set: "
            f"{', '.join(KEY_SET_ALGORITHMS)}. If unset, those of {', '.join(USUAL_ALGORITHMS)} that fit the keys."
        ),
    )
    query_token: bool = Field(default=True, description="Accept `?token=`, which a proxy in front may log.")

    auth_domain: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="The domain to which wallets sign in; if unset, the `Host` of the request, which must be loopback "
        "or belong to an allowed origin.",
    )

    reserved_nicknames: Names = Field(
        default=("admin", "moderator", "support", "duelcast"),
        description="Nicknames that only admins may assign; lookalikes are reserved too.",
    )

    data_dir: Path = Field(
        default=Path("data"),
        description="Folder of the server's database and its own secret; created if missing, with mode 0700.",
    )
    database_url: str | None = Field(
        default=None,
        description="Database: `sqlite:///path/to/file`, or `postgresql://user:password@host:5432/database`, which "
        "needs `duelcast[cluster]`; if unset, the file `duelcast.db` in `data_dir`.",
    )
    database_busy_timeout_ms: int = Field(
        default=2_000,
        ge=0,
        le=60_000,
        description="How long after its request a write may wait while another process has locked the database.",
    )
    database_lock_notice_ms: int = Field(
        default=250,
        ge=0,
        le=60_000,
        description="Time of waiting for another process after which `/readyz` reports that nothing can be written; "
        "shorter waits are not an outage.",
    )
    database_low_room_bytes: Count = Field(
        default=512 * MIB,
        le=2**50,
        description="Free bytes on the disk of the database below which `/readyz` reports `degraded` and tracked "
        "events are refused; 0 disables this.",
    )
    retention_prices_days: float = Field(
        default=90, gt=0, allow_inf_nan=False, description="Age at which prices per minute are deleted."
    )
    retention_trades_days: float = Field(
        default=2, ge=1, allow_inf_nan=False, description="Age at which posted trades are deleted."
    )
    retention_chat_days: float = Field(
        default=90, gt=0, allow_inf_nan=False, description="Age at which the chat of ended contests is deleted."
    )

    retention_errors_days: float = Field(
        default=30, gt=0, allow_inf_nan=False, description="Age at which recorded errors are deleted."
    )
    retention_read_notifications_days: float = Field(
        default=30, gt=0, allow_inf_nan=False, description="Time after being read at which a notification is deleted."
    )
    retention_unread_notifications_days: float = Field(
        default=180,
        gt=0,
        allow_inf_nan=False,
        description="Age at which unread notifications, and announcements, are deleted.",
    )
    retention_events_days: float = Field(
        default=90, gt=0, allow_inf_nan=False, description="Age at which tracked events are deleted."
    )
    retention_daily_events_days: float = Field(
        default=730, gt=0, allow_inf_nan=False, description="Age at which the daily counts of events are deleted."
    )

    services: Tables = Field(
        default=(),
        description="Services that are checked or report, in addition to those defined over HTTP: `[[services]]` "
        "tables of the file, each with its `name`, in the form of `PUT /services/{name}`.",
    )
    probe_targets: Names = Field(
        default=(),
        description="Hosts and networks that checks may reach; if unset, all global, private and loopback ones. "
        "Link-local and cloud metadata addresses are never allowed.",
    )

    leaderboard_interval_ms: Count = Field(
        default=1_000, le=60_000, description="Time in which a contest is ranked at most once."
    )
    portfolio_changes_per_minute: Count = Field(
        default=10,
        description="Portfolio changes that a wallet may make in one contest; 0 means no limit. Each may create 100 "
        "trades, which are kept forever.",
    )
    final_rows_waiting: int = Field(
        default=1_000,
        ge=1,
        description="Ended contests whose followed participants may wait for a final row that cannot be read yet; "
        "beyond that, the contest that ended first is given up.",
    )
    chat_messages_per_minute: Count = Field(
        default=10, description="Messages that a wallet may write in one contest's chat; 0 means no limit."
    )
    chat_max_characters: int = Field(
        default=500, ge=1, le=4_000, description="Length of a chat message, in characters as a reader counts them."
    )
    max_rooms: int = Field(default=20, ge=1, description="Contest rooms that one connection may join.")
    event_bytes_per_day: Count = Field(
        default=10 * MIB,
        le=2**40,
        description="Bytes of tracked events that a wallet may store, including about 200 per row; 0 means no limit.",
    )
    presence_max_members: Count = Field(
        default=200, description="Number of members of a room above which arrivals and departures are not broadcast."
    )

    broker_url: str = Field(default="memory://", description="Bus of the channels; only `memory://` exists so far.")

    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="info", description="Lowest severity that is logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="Format of the log; `auto` is `console` on a terminal and `json` elsewhere."
    )

    rate_limit_factor: float = Field(
        default=1, ge=0, le=1000, allow_inf_nan=False, description="Multiplies all rate limits; 0 switches them off."
    )
    http_requests_per_minute: Count = Field(
        default=600, description="HTTP requests of a wallet, or of an address without a valid token; 0 means no limit."
    )
    http_probes_per_minute: Count = Field(
        default=6_000,
        description="Requests of an address to `/healthz` and `/readyz`, which have a limit of their own.",
    )
    sign_ins_per_minute: Count = Field(
        default=10, description="Requests of an address that start or continue a session; 0 means no limit."
    )
    max_used_challenges: int = Field(
        default=1_000_000,
        ge=1,
        description="Maximum number of sign-ins in the five minutes for which a challenge is valid; each takes some 60 "
        "bytes in the database.",
    )
    http_bytes_per_request: Bytes = Field(
        default=64 * KIB, description="Bytes of a body or an answer that cost as much as one more request."
    )
    refusals_logged_per_minute: Count = Field(
        default=10,
        description="Log lines about refused clients, per address and cause; others are counted. 0 means no limit.",
    )
    refusals_logged_in_all_per_minute: Count = Field(
        default=300,
        description="Log lines about refused clients, for all addresses and causes together; 0 means no limit.",
    )
    max_connections: Count = Field(
        default=20_000,
        description="WebSocket connections of the server; fewer if the limit of open files is too low. 0 means as many "
        "as that limit allows.",
    )
    max_connections_per_ip: Count = Field(
        default=1_000,
        description="WebSockets of one address, and as many other connections; loopback is exempt. 0 means no limit.",
    )
    max_connections_per_user: Count = Field(
        default=100, description="WebSocket connections of one wallet; 0 means no limit."
    )
    descriptors_reserve: int = Field(
        default=128,
        ge=16,
        le=65_536,
        description="Open files, out of those that the system allows, that clients may not use; half of them are kept "
        "free.",
    )
    http_head_timeout_s: Timeout = Field(
        default=10, description="Time in which the head of a request, or a TLS handshake, must be complete."
    )
    http_body_timeout_s: Timeout = Field(
        default=30, description="Time in which the body of a request must be complete."
    )
    http_idle_timeout_s: Timeout = Field(
        default=5, description="Time after an answer in which the next request of the connection must begin."
    )
    http_linger_timeout_s: Timeout = Field(
        default=5, description="Time to wait for the rest of a body after its request has been answered."
    )
    http_linger_max_bytes: Bytes = Field(
        default=MIB, description="Bytes of the rest of a body after which the connection is closed."
    )
    http_write_timeout_s: Timeout = Field(
        default=30, description="Time in which a client must read `http_write_min_bytes` of a waiting answer."
    )
    http_write_min_bytes: Bytes = Field(
        default=64 * KIB,
        description="Bytes that a client must read within `http_write_timeout_s`, or the rest of the answer if less.",
    )
    http_max_pipelined: Count = Field(
        default=16, description="Requests of one connection that may wait behind an earlier one."
    )
    http_chunk_min_bytes: Count = Field(
        default=64, description="Minimum average size of the chunks of a body, not counting the first 1,000."
    )
    superadmin_connections: Count = Field(
        default=10,
        description="Connections reserved for superadmins, at most a tenth of `max_connections`.",
    )
    max_subscriptions: int = Field(default=2_000, ge=1, description="Channels that one connection may follow.")
    max_unknown_settings: int = Field(
        default=1_000,
        ge=0,
        le=100_000,
        description="Settings that do not exist but that a wallet may follow, on all its connections together.",
    )

    flush_interval_ms: float = Field(
        default=10,
        ge=0,
        le=1_000,
        allow_inf_nan=False,
        description="Due messages are written together once in this time; 0 writes them at once.",
    )
    history_messages: int = Field(
        default=1_000, ge=1, description="Minimum number of messages that a channel keeps for recovery."
    )
    history_s: Seconds = Field(default=600, description="Minimum time that a channel keeps messages for recovery.")
    log_max_age_s: Seconds = Field(
        default=24 * 3600, description="Age at which stored messages of channels of kind *every* are deleted."
    )
    log_max_bytes: int = Field(
        default=256 * 1024 * 1024,
        ge=1024 * 1024,
        description="Bytes that stored messages of channels of kind *every* may take in the database.",
    )
    max_idle_channels: Count = Field(
        default=50_000,
        description="Channels without followers that are kept for recovery; those unfollowed the longest are forgotten "
        "first.",
    )
    heartbeat_interval_s: float = Field(
        default=30, gt=0, allow_inf_nan=False, description="Silence of a client after which the server sends a PING."
    )
    heartbeat_timeout_s: float = Field(
        default=60,
        gt=0,
        allow_inf_nan=False,
        description="Silence of a client after which its connection is closed; must be more than the interval.",
    )
    auth_timeout_s: Timeout = Field(
        default=5, description="Time in which the token of a client with `auth=message` must arrive."
    )
    close_timeout_s: Timeout = Field(
        default=10, description="Time in which a client must answer a close, after which its connection is cut."
    )
    slow_close_timeout_s: Timeout = Field(
        default=30,
        description="Time in which a slow reader must answer a close, after reading everything sent before it.",
    )
    slow_reader_bytes: Bytes = Field(
        default=MIB, description="Unsent bytes of numbered messages at which a client's connection is closed."
    )
    reply_backlog_bytes: Bytes = Field(
        default=256 * KIB, description="Unsent bytes of replies above which nothing more is read from the client."
    )
    answer_max_bytes: Bytes = Field(
        default=4 * MIB,
        description="Bytes of snapshots and replays that one message may request by name; a longer replay is not sent.",
    )
    send_buffer_bytes: Bytes = Field(
        default=128 * KIB,
        description="Send buffer of a socket in the kernel; small, so that a slow reader does not receive old prices.",
    )
    fragment_timeout_s: float = Field(
        default=30, gt=0, allow_inf_nan=False, description="Time in which a message must be complete once it has begun."
    )
    fragments_max_bytes: Bytes = Field(
        default=16 * MIB,
        description="Bytes of fragments and partial frames that all connections together may have; beyond that, the "
        "connection with the most is closed.",
    )
    message_unit_bytes: Bytes = Field(
        default=16 * KIB,
        description="A message costs one unit of its endpoint's limit per this many bytes, rounded up.",
    )
    small_frames_per_minute: Count = Field(
        default=600,
        description="PING, PONG and fragments under 64 bytes that a connection may send; 0 means no limit.",
    )
    read_turn_bytes: Bytes = Field(
        default=4 * KIB,
        description="Bytes read from one connection before the others have their turn.",
    )
    limited_read_bytes: Bytes = Field(
        default=16 * KIB,
        description="Bytes read from a client before its greeting, and once it is being sent away.",
    )
    receive_buffer_bytes: Bytes = Field(
        default=64 * KIB,
        description="Receive buffer of a socket in the kernel; small, so that few bytes are buffered uncounted.",
    )
    drain_delay_s: Seconds = Field(
        default=0,
        le=3_600,
        description="Time between the stop signal and the drain. Meanwhile `/readyz` reports `draining` and everything "
        "else continues, so that a load balancer sends no more clients.",
    )
    drain_floor_ms: int | None = Field(
        default=None,
        ge=0,
        le=600_000,
        description="Shortest time after which clients reconnect after a stop; if unset, the time that this server "
        "took to start, plus a second for the stop.",
    )
    drain_spread_ms: Count = Field(
        default=5_000, le=600_000, description="Time over which the reconnects after a stop are spread."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use only arguments, so that `Settings(…)` in code does not depend on the machine."""
        return (init_settings,)

    @property
    def accepted_algorithms(self) -> tuple[str, ...]:
        """`jwt_algorithms`, or the algorithms that fit the configured keys."""
        if self.jwt_algorithms is not None:
            return self.jwt_algorithms
        usable: tuple[str, ...] = () if self.jwt_jwks_url is None else KEY_SET_ALGORITHMS
        if self.jwt_secret is not None or self.jwt_jwks_url is None:
            usable += SECRET_ALGORITHMS
        return tuple(name for name in USUAL_ALGORITHMS if name in usable)

    @field_validator(
        "trusted_proxies", "allowed_origins", "jwt_algorithms", "probe_targets", "reserved_nicknames", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("services", mode="before")
    @classmethod
    def _check_tables(cls, value: object) -> object:
        if not isinstance(value, list | tuple) or not all(isinstance(table, dict) for table in value):
            raise ValueError("takes `[[services]]` tables, which only a file can contain")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            try:
                ipaddress.ip_network(entry, strict=False)
            except ValueError:
                raise ValueError("takes IP addresses and networks, such as 10.0.0.0/8") from None
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(entry) for entry in value)

    @field_validator("root_path")
    @classmethod
    def _check_root_path(cls, value: str) -> str:
        if value and (not value.startswith("/") or value.endswith("/")):
            raise ValueError("must begin with a slash and not end with one, such as /duelcast")
        return value

    @field_validator("tls_cert", "tls_key")
    @classmethod
    def _check_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("names a file that does not exist")
        return value

    @field_validator("data_dir")
    @classmethod
    def _resolve(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("jwt_secret")
    @classmethod
    def _check_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (weakness := weakness_of(value.get_secret_value())):
            raise ValueError(f"{weakness}; generate one with `openssl rand -base64 {SECRET_MIN_BYTES}`")
        if value is not None and _is_other_key(value.get_secret_value()):
            raise ValueError("is a key of another kind; for public keys set DUELCAST_JWT_JWKS_URL")
        return value

    @field_validator("jwt_jwks_url")
    @classmethod
    def _check_jwks_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = urlsplit(value)
        if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and is_loopback_host(url.hostname))):
            raise ValueError("must be an https: address; http: is accepted only on loopback")
        return value

    @field_validator("jwt_algorithms")
    @classmethod
    def _check_algorithms(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        known = SECRET_ALGORITHMS + KEY_SET_ALGORITHMS
        if value is not None and (not value or any(name not in known for name in value)):
            raise ValueError(f"takes only {', '.join(known)}")
        return value

    @field_validator("broker_url")
    @classmethod
    def _check_broker(cls, value: str) -> str:
        if value != "memory://":
            raise ValueError("can only be memory:// so far; a later version will have a shared bus")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("`tls_cert` and `tls_key` need each other: set both or neither")
        if self.heartbeat_timeout_s <= self.heartbeat_interval_s:
            raise ValueError("`heartbeat_timeout_s` must be more than `heartbeat_interval_s`")
        if self.ops_port and self.ops_port == self.port:
            raise ValueError("`ops_port` must differ from `port`")
        algorithms = self.jwt_algorithms or ()
        if self.jwt_jwks_url is None and any(name in KEY_SET_ALGORITHMS for name in algorithms):
            raise ValueError("`jwt_algorithms` names one that needs `jwt_jwks_url`")
        if self.jwt_jwks_url and self.jwt_secret is None and any(name in SECRET_ALGORITHMS for name in algorithms):
            raise ValueError("`jwt_algorithms` names one that needs `jwt_secret`")
        return self


def is_loopback_host(host: str) -> bool:
    """Whether `host` is reachable only from this machine: `localhost`, or an address of the loopback networks."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.rstrip(".").lower() == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def weakness_of(secret: str) -> str | None:
    """Why a key of HMAC tokens can be guessed, in words that follow "the secret"; None if no weakness is found.

    A key must have at least as many bytes as the hash (RFC 7518, 3.2), and no less variety than a key of digits.
    """
    if len(secret.encode()) < SECRET_MIN_BYTES:
        return f"has fewer than {SECRET_MIN_BYTES} bytes"
    if len(set("".join(secret.split()))) < SECRET_MIN_VARIETY:
        return f"has fewer than {SECRET_MIN_VARIETY} different characters"
    if any(secret[size:] == secret[:-size] for size in range(1, min(SECRET_MIN_BYTES, len(secret) // 2 + 1))):
        return "repeats the same few characters"
    return None


def _is_other_key(secret: str) -> bool:
    """Whether the secret is an asymmetric key or a JSON Web Key, neither of which may sign HMAC tokens."""
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except InvalidKeyError:
        return True
    return False


def _origin(text: str) -> str:
    """`scheme://host[:port]` in lower case. Raises `ValueError` for anything else."""
    problem = "takes origins, such as https://app.example.org or http://localhost:3000"
    url = urlsplit(text)
    try:
        port = url.port
    except ValueError:
        raise ValueError(problem) from None
    if (
        url.scheme not in ("http", "https")
        or not url.hostname
        or url.path not in ("", "/")
        or url.query
        or url.username
    ):
        raise ValueError(problem)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{url.scheme}://{host}" + (f":{port}" if port is not None else "")
