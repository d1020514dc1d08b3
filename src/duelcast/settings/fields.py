"""Every setting, with its type, bounds, default and purpose. Units are in the names."""

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
"""The algorithms accepted if the configuration does not name any."""

Names = Annotated[tuple[str, ...], NoDecode]
"""A list, whose entries are separated by commas in an environment variable."""
Tables = Annotated[tuple[dict[str, Any], ...], NoDecode]
"""Tables of the configuration file."""
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Timeout = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Bytes = Annotated[int, Field(ge=KIB, le=2**31 - 1)]


class Settings(BaseSettings):
    """The values that a server runs with.

    The constructor takes them from its arguments and the defaults; `load_settings` also reads the environment and a
    file.
    """

    model_config = SettingsConfigDict(
        env_prefix="DUELCAST_",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; `0.0.0.0` or `::` listens on all addresses.",
    )
    port: int = Field(default=8069, ge=0, le=65535, description="Port for HTTP and WebSocket; 0 takes any free port.")
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
        description="Web origins, such as `https://app.example.org`, whose pages may use the server, in addition to "
        "its own origin.",
    )
    ops_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Separate port for `/metrics`, `/healthz` and `/readyz`; if set, the public port does not serve "
        "these. 0 takes any free port.",
    )
    ops_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address on which `ops_port` listens; `0.0.0.0` or `::` listens on all addresses.",
    )
    public_ops: bool = Field(
        default=True,
        description="Serve metrics and documents to everybody. If false, only admins and machines with the right "
        "scope may read them, and `/readyz` gives no reasons.",
    )
    console: bool = Field(
        default=True,
        description="Serve the web console at `/console/`, to which `/` redirects. It shows nobody more than the API "
        "does. If false, `/` is a page of links.",
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
    feed_stale_s: Seconds = Field(
        default=30, description="How long a feed may be silent before its prices count as stale."
    )
    symbol_stale_s: Seconds = Field(
        default=300,
        description="How long a feed may be silent about one symbol, such as a halted pair, before the price of that "
        "symbol counts as stale.",
    )
    posted_stale_s: Seconds = Field(default=300, description="Age at which a price posted over HTTP counts as stale.")
    price_interval_ms: Count = Field(
        default=100, le=60_000, description="Period in which at most one price per symbol is published."
    )
    clock_slew_percent: int = Field(
        default=50,
        ge=1,
        le=90,
        description="After the wall clock was set back, receipt times advance this many percent more slowly than it, "
        "until both agree.",
    )
    clock_max_ahead_s: Seconds = Field(
        default=3600,
        description="If the newest stored price is ahead of the wall clock by more than this when the server starts, "
        "receipt times continue from the wall clock and not from the time of that price.",
    )
    token_list_interval_s: Seconds = Field(
        default=10, description="Period in which at most one complete token list is published."
    )

    jwt_secret: SecretStr | None = Field(
        default=None,
        description="Key of HMAC tokens (such as HS256), at least 32 random bytes. If neither this nor `jwt_jwks_url` "
        "is set, a server that listens only on loopback generates a key.",
    )
    jwt_jwks_url: str | None = Field(
        default=None,
        description="URL of the key set for verifying tokens. It must begin with `https:`; `http:` is accepted only on "
        "loopback.",
    )
    jwt_issuer: str | None = Field(default=None, description="The `iss` that a token must have.")
    jwt_audience: str | None = Field(default=None, description="The `aud` that a token must have.")
    jwt_algorithms: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        description=(
            f"Accepted algorithms. {', '.join(SECRET_ALGORITHMS)} need a secret; {', '.join(KEY_SET_ALGORITHMS)} need "
            f"a key set. If unset, the server accepts those of {', '.join(USUAL_ALGORITHMS)} that fit its keys."
        ),
    )
    query_token: bool = Field(default=True, description="Accept a token in the URL (`?token=`), which a proxy may log.")

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
        description="Folder for the database and the secret that the server generates; if missing, it is created with "
        "mode 0700.",
    )
    database_url: str | None = Field(
        default=None,
        description="Database: `sqlite:///path/to/file`, or `postgresql://user:password@host:5432/database`, which "
        "needs `duelcast[cluster]`; if unset, the file `duelcast.db` in `data_dir`.",
    )
    role: Literal["all", "gateway", "leader"] = Field(
        default="all",
        description="Part of this process: `all` serves everything by itself; of several nodes, a `gateway` serves "
        "clients, and a `leader` has the domain, or stands by to replace the one that leads.",
    )
    workers: Count = Field(
        default=0,
        le=256,
        description="If more than 0, `duelcast serve` starts so many gateways on one port, and a leader, as processes "
        "of their own; each gateway's `ops_port` is one above that of the gateway before it.",
    )
    reuse_port: bool = Field(
        default=False,
        description="Lets several processes of one user listen on `port`; the system distributes connections among "
        "them.",
    )
    broker_url: str = Field(
        default="memory://",
        description="Log that all nodes share, on a Valkey or Redis server: `redis://user:password@host:6379`, "
        "`rediss://…` for TLS, or `redis+sentinel://user:password@host:26379,host:26379/service`; `memory://` for one "
        "process.",
    )
    broker_key_prefix: str = Field(
        default="duelcast",
        pattern=r"^[A-Za-z0-9:_.-]{1,64}$",
        description="Beginning of the keys on the server of `broker_url`; each cluster needs its own.",
    )
    cluster_secret: SecretStr | None = Field(
        default=None,
        description="Secret that all nodes share, at least 32 random bytes; it keeps others off the links between "
        "nodes.",
    )
    link_listen: str = Field(
        default="127.0.0.1:8070",
        pattern=r"^[^\s]+:[0-9]{1,5}$",
        description="Address and port on which a leader listens for links of gateways; port 0 takes any free port.",
    )
    link_advertise: str | None = Field(
        default=None,
        pattern=r"^[^\s]+:[0-9]{1,5}$",
        description="Address and port at which gateways reach this node when it leads; if unset, those of "
        "`link_listen`.",
    )
    link_tls_cert: Path | None = Field(
        default=None,
        description="PEM file with a leader's certificate chain; with `link_tls_key` and `link_tls_ca`, "
        "links use TLS, in both directions with certificates of that authority.",
    )
    link_tls_key: Path | None = Field(default=None, description="PEM file with the private key of `link_tls_cert`.")
    link_tls_ca: Path | None = Field(
        default=None, description="PEM file of the authority that has signed the certificates of all nodes."
    )
    link_connect_timeout_s: Timeout = Field(
        default=2, description="How long a gateway may take to connect to the leader."
    )
    max_links: Count = Field(default=256, description="Maximum number of gateways that a leader accepts links from.")
    leader_wait_s: Timeout = Field(
        default=5, description="How long a command or a new connection waits for a leader, if there is none."
    )
    leader_absence_s: Timeout = Field(
        default=30,
        description="How long a gateway may be without a leader before `/readyz` reports it; a takeover is shorter.",
    )
    gateway_absence_s: Timeout = Field(
        default=10,
        description="How long after its link was lost a gateway may return before its connections count as ended, and "
        "after which a silent node is no longer listed.",
    )
    gateway_max_wallets: Count = Field(
        default=200_000,
        description="Maximum number of wallets that the leader remembers for each gateway, for active users and "
        "limits per wallet; reports of more are ignored.",
    )
    wallet_report_interval_ms: int = Field(
        default=500,
        ge=10,
        le=60_000,
        description="How often a gateway reports the wallets that have connected, left or sent something; limits per "
        "wallet hold over all nodes after this time.",
    )
    log_absence_s: Timeout = Field(
        default=30,
        description="How long a gateway keeps its connections without reading the log; no ban reaches it in that time.",
    )
    database_busy_timeout_ms: int = Field(
        default=2_000,
        ge=0,
        le=60_000,
        description="How long a write may wait, counted from its request, while another process has locked the "
        "database.",
    )
    database_lock_notice_ms: int = Field(
        default=250,
        ge=0,
        le=60_000,
        description="How long a write must have waited for another process before `/readyz` reports that nothing can "
        "be written; shorter waits are not an outage.",
    )
    database_outcome_wait_ms: int = Field(
        default=2_000,
        ge=0,
        le=60_000,
        description="How long a write waits to learn whether it was stored if its COMMIT failed without telling; then "
        "it is answered `OUTCOME_UNKNOWN`.",
    )
    leader_lease_ms: int = Field(
        default=3_000,
        ge=500,
        le=60_000,
        description="How long a server that hangs keeps a PostgreSQL database for itself; then another one takes over. "
        "It renews its lease three times as often.",
    )
    database_low_room_bytes: Count = Field(
        default=512 * MIB,
        le=2**50,
        description="Free bytes on the disk of the database below which `/readyz` reports `degraded` and tracked "
        "events are refused; 0 disables this.",
    )
    idempotency_age_s: Timeout = Field(
        default=24 * 3600,
        description="How long a request with an `Idempotency-Key` or `commandId` is answered with its first answer.",
    )
    idempotency_wait_s: Timeout = Field(
        default=40,
        description="How long a repeat waits for a first request that is under way; a command may take 30 seconds.",
    )
    idempotency_requests_per_wallet: Count = Field(
        default=100_000,
        description="Requests with an id of their own that are stored for a wallet; further ones are refused with 429.",
    )
    idempotency_bytes_per_wallet: Count = Field(
        default=32 * MIB, description="Bytes that these requests and their answers may take for a wallet."
    )
    idempotency_max_bytes: Count = Field(
        default=1024 * MIB,
        description="Bytes that they may take in all; further ones are refused with `UNAVAILABLE`.",
    )
    retention_prices_days: float = Field(
        default=90, gt=0, allow_inf_nan=False, description="Age at which per-minute prices are deleted."
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
        default=30, gt=0, allow_inf_nan=False, description="How long a notification is kept after it was read."
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
        description="Services that the server checks or that report to it, in addition to those defined over HTTP: "
        "`[[services]]` tables in the configuration file, each with a `name` and the fields of `PUT /services/{name}`.",
    )
    probe_targets: Names = Field(
        default=(),
        description="Hosts and networks that service checks may reach; if unset, all global, private and loopback "
        "addresses. Link-local and cloud metadata addresses are never allowed.",
    )

    leaderboard_interval_ms: Count = Field(
        default=1_000, le=60_000, description="Minimum time between two rankings of a contest."
    )
    portfolio_changes_per_minute: Count = Field(
        default=10,
        description="Portfolio changes per minute that a wallet may make in one contest; 0 means no limit. Each change "
        "may create up to 100 trades, which are kept forever.",
    )
    final_rows_waiting: int = Field(
        default=1_000,
        ge=1,
        description="Maximum number of ended contests that wait for their final rows to be read from the database and "
        "sent to followers; beyond that, the rows of the contest that ended first are not sent.",
    )
    chat_messages_per_minute: Count = Field(
        default=10, description="Messages per minute that a wallet may write in one contest's chat; 0 means no limit."
    )
    chat_max_characters: int = Field(
        default=500,
        ge=1,
        le=4_000,
        description="Maximum length of a chat message, in characters as a reader counts them.",
    )
    max_rooms: int = Field(default=20, ge=1, description="Contest rooms that one connection may join.")
    event_bytes_per_day: Count = Field(
        default=10 * MIB,
        le=2**40,
        description="Maximum bytes of tracked events that a wallet may store in a day, including about 200 bytes of "
        "overhead per row; 0 means no limit.",
    )
    presence_max_members: Count = Field(
        default=200,
        description="Arrivals and departures are not broadcast in rooms with more than this many members.",
    )

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
        default=600,
        description="HTTP requests per minute from one wallet or, without a valid token, from one address; 0 means no "
        "limit.",
    )
    http_probes_per_minute: Count = Field(
        default=6_000,
        description="Requests per minute from one address to `/healthz` and `/readyz`, which have their own limit.",
    )
    sign_ins_per_minute: Count = Field(
        default=10,
        description="Requests per minute from one address that start or continue a session; 0 means no limit.",
    )
    max_used_challenges: int = Field(
        default=1_000_000,
        ge=1,
        description="Maximum number of sign-ins in the five minutes for which a challenge is valid; each takes some 60 "
        "bytes in the database.",
    )
    http_bytes_per_request: Bytes = Field(
        default=64 * KIB,
        description="A request counts as one more request for each time that its body and answer together contain this "
        "many bytes.",
    )
    refusals_logged_per_minute: Count = Field(
        default=10,
        description="Log lines per minute about refused clients, for each address and cause; further refusals are "
        "only counted. 0 means no limit.",
    )
    refusals_logged_in_all_per_minute: Count = Field(
        default=300,
        description="Log lines per minute about refused clients, for all addresses and causes together; 0 means no "
        "limit.",
    )
    max_connections: Count = Field(
        default=20_000,
        description="Maximum number of WebSocket connections to a node; lowered if the limit on open files is too low "
        "for it. 0 means as many as that limit allows.",
    )
    max_connections_per_ip: Count = Field(
        default=1_000,
        description="Maximum number of WebSockets from one address to a node. Connections that are not WebSockets "
        "have a separate limit of the same size; loopback is exempt. 0 means no limit.",
    )
    max_connections_per_user: Count = Field(
        default=100,
        description="Maximum number of WebSocket connections of one wallet, over all nodes; 0 means no limit.",
    )
    descriptors_reserve: int = Field(
        default=128,
        ge=16,
        le=65_536,
        description="Number of open files, out of the system's limit, that are kept for purposes other than clients. "
        "If fewer than half of them are left, whatever took the others, no further connection is accepted.",
    )
    http_head_timeout_s: Timeout = Field(
        default=10, description="How long the head of a request, or a TLS handshake, may take to arrive."
    )
    http_body_timeout_s: Timeout = Field(default=30, description="How long the body of a request may take to arrive.")
    http_idle_timeout_s: Timeout = Field(
        default=5, description="How soon after an answer the next request on the connection must begin."
    )
    http_linger_timeout_s: Timeout = Field(
        default=5, description="How long the server reads the rest of a body after it has answered the request."
    )
    http_linger_max_bytes: Bytes = Field(
        default=MIB,
        description="Maximum bytes of a body that the server reads after it has answered the request; beyond that, it "
        "closes the connection.",
    )
    http_write_timeout_s: Timeout = Field(
        default=30, description="How long a client may take to read `http_write_min_bytes` of a waiting answer."
    )
    http_write_min_bytes: Bytes = Field(
        default=64 * KIB,
        description="Bytes of an answer that a client must read within `http_write_timeout_s`; if fewer are left, it "
        "must read those.",
    )
    http_max_pipelined: Count = Field(
        default=16, description="Requests of one connection that may wait behind an earlier one."
    )
    http_max_forwarded: Count = Field(
        default=2_000,
        description="HTTP requests of a gateway that may wait for the leader's answer; more are refused.",
    )
    http_chunk_min_bytes: Count = Field(
        default=64,
        description="Minimum average size of the chunks of a body, in bytes; the first 1,000 chunks do not count.",
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
        description="Maximum number of nonexistent settings that a wallet may follow, over all its connections.",
    )

    flush_interval_ms: float = Field(
        default=10,
        ge=0,
        le=1_000,
        allow_inf_nan=False,
        description="Due messages are collected for this long and then written together; 0 writes them at once.",
    )
    compression_level: int = Field(
        default=3,
        ge=0,
        le=9,
        description="Level of the compression (permessage-deflate) of what everybody may follow; 0 turns it off.",
    )
    compression_min_followers: int = Field(
        default=8,
        ge=1,
        description="Minimum number of clients with the same subscriptions for which messages are compressed.",
    )
    compression_max_sets: int = Field(
        default=500,
        ge=1,
        description="Maximum number of different sets of subscriptions that are compressed; each takes about 40 KB.",
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
        description="Maximum bytes that stored messages of channels of kind *every* may take in the database.",
    )
    max_idle_channels: Count = Field(
        default=50_000,
        description="Maximum number of channels without followers that are kept for recovery; the channel that has had "
        "no followers for the longest time is forgotten first.",
    )
    heartbeat_interval_s: float = Field(
        default=30,
        gt=0,
        allow_inf_nan=False,
        description="How long a client may be silent before the server sends a PING.",
    )
    heartbeat_timeout_s: float = Field(
        default=60,
        gt=0,
        allow_inf_nan=False,
        description="How long a client may be silent before its connection is closed; must exceed "
        "`heartbeat_interval_s`.",
    )
    auth_timeout_s: Timeout = Field(
        default=5, description="How long the token of a client with `auth=message` may take to arrive."
    )
    close_timeout_s: Timeout = Field(
        default=10, description="How long a client may take to answer a close; then its connection is cut."
    )
    slow_close_timeout_s: Timeout = Field(
        default=30,
        description="How long a slow reader may take to read everything sent before a close, and to answer the close.",
    )
    slow_reader_bytes: Bytes = Field(
        default=MIB, description="A client's connection is closed if so many bytes of numbered messages are unsent."
    )
    reply_backlog_bytes: Bytes = Field(
        default=256 * KIB, description="Unsent bytes of replies above which nothing more is read from the client."
    )
    answer_max_bytes: Bytes = Field(
        default=4 * MIB,
        description="Maximum total bytes of the snapshots and replays of the channels (not groups) that one message "
        "names. If the replay of a single channel would be longer, the client receives what a new follower receives.",
    )
    send_buffer_bytes: Bytes = Field(
        default=128 * KIB,
        description="Send buffer of a socket in the kernel; small, so that a slow reader does not receive old prices.",
    )
    fragment_timeout_s: float = Field(
        default=30, gt=0, allow_inf_nan=False, description="How long a message may take to arrive once it has begun."
    )
    fragments_max_bytes: Bytes = Field(
        default=16 * MIB,
        description="Bytes of fragments and partial frames that all connections together may hold; beyond that, the "
        "connection that holds the most is closed.",
    )
    message_unit_bytes: Bytes = Field(
        default=16 * KIB,
        description="A message costs one unit of its endpoint's limit per this many bytes, rounded up.",
    )
    small_frames_per_minute: Count = Field(
        default=600,
        description="PINGs, PONGs and fragments under 64 bytes that a connection may send per minute; 0 means no "
        "limit.",
    )
    read_turn_bytes: Bytes = Field(
        default=4 * KIB,
        description="Bytes read from one connection before the others have their turn.",
    )
    limited_read_bytes: Bytes = Field(
        default=16 * KIB,
        description="Maximum bytes read from a client before it is greeted, and again while its connection is being "
        "closed.",
    )
    receive_buffer_bytes: Bytes = Field(
        default=64 * KIB,
        description="Receive buffer of a socket in the kernel; small, so that few bytes wait there uncounted.",
    )
    drain_delay_s: Seconds = Field(
        default=0,
        le=3_600,
        description="Time between the stop signal and the drain. Meanwhile `/readyz` reports `draining`, so that a "
        "load balancer sends no more clients; everything else continues.",
    )
    drain_floor_ms: int | None = Field(
        default=None,
        ge=0,
        le=600_000,
        description="Minimum time before clients reconnect after a stop; if unset, the time that this server "
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

    @field_validator("tls_cert", "tls_key", "link_tls_cert", "link_tls_key", "link_tls_ca")
    @classmethod
    def _check_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("names a file that does not exist")
        return value

    @field_validator("data_dir")
    @classmethod
    def _resolve(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("jwt_secret", "cluster_secret")
    @classmethod
    def _check_strength(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (weakness := weakness_of(value.get_secret_value())):
            raise ValueError(f"{weakness}; generate one with `openssl rand -base64 {SECRET_MIN_BYTES}`")
        return value

    @field_validator("jwt_secret")
    @classmethod
    def _check_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and _is_other_key(value.get_secret_value()):
            raise ValueError("is an asymmetric key or a JSON Web Key; for public keys set DUELCAST_JWT_JWKS_URL")
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
        schemes = ("redis://", "rediss://", "unix://", "redis+sentinel://", "rediss+sentinel://")
        if value != "memory://" and not value.startswith(schemes):
            raise ValueError(f"is memory://, or begins with {', '.join(schemes[:-1])} or {schemes[-1]}")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("`tls_cert` and `tls_key` need each other: set both or neither")
        if len({self.link_tls_cert is None, self.link_tls_key is None, self.link_tls_ca is None}) > 1:
            raise ValueError("`link_tls_cert`, `link_tls_key` and `link_tls_ca` need each other: set all or none")
        if self.heartbeat_timeout_s <= self.heartbeat_interval_s:
            raise ValueError("`heartbeat_timeout_s` must be more than `heartbeat_interval_s`")
        if self.ops_port and self.ops_port == self.port:
            raise ValueError("`ops_port` must differ from `port`")
        algorithms = self.jwt_algorithms or ()
        if self.jwt_jwks_url is None and any(name in KEY_SET_ALGORITHMS for name in algorithms):
            raise ValueError("`jwt_algorithms` names an algorithm that needs `jwt_jwks_url`")
        if self.jwt_jwks_url and self.jwt_secret is None and any(name in SECRET_ALGORITHMS for name in algorithms):
            raise ValueError("`jwt_algorithms` names an algorithm that needs `jwt_secret`")
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
    """Why a key for HMAC tokens can be guessed, as the end of a sentence that begins with "the secret"; None if no
    weakness is found.

    A key must have at least 32 bytes, the length of a SHA-256 hash (RFC 7518, 3.2), and at least 8 different
    characters, which even a random key that consists only of digits nearly always has.
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
    """Return the origin `text` as `scheme://host[:port]` in lower case. Raises `ValueError` if it is not an origin."""
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
