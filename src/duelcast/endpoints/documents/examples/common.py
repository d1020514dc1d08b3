"""Messages that every endpoint has, as on `contest`."""

from __future__ import annotations

from duelcast.endpoints import common
from duelcast.endpoints.documents.examples.story import ADA, CONTEST, END, EPOCH, NOW, Examples
from duelcast.wire.messages import ErrorEvent

_ADA = common.User(wallet_address=ADA, nickname="Ada", role="user")
_CHAT = f"chat.{CONTEST}"
_LEADERBOARD = f"leaderboard.{CONTEST}"
_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"

EXAMPLES = Examples(
    said=[
        common.Heartbeat(),
        common.HeartbeatAck(),
        common.Ping(timestamp=1795799101000),
        common.Pong(timestamp=1795799101000, serverTime=NOW),
        common.Subscribe(channel=_LEADERBOARD),
        common.Subscribe(channels=[_LEADERBOARD, common.ChannelSince(_CHAT, common.Since(EPOCH, 41))]),
        common.SubscriptionConfirmed(channel=_CHAT, kind="every", epoch=EPOCH, seq=43, recovered=True),
        common.Unsubscribe(channel=_LEADERBOARD),
        common.Unsubscribe(channels=[_LEADERBOARD, _CHAT]),
        common.UnsubscriptionConfirmed(channel=_LEADERBOARD),
        common.GetSubscriptions(),
        common.SubscriptionList(
            data=[
                common.Subscription(channel=_LEADERBOARD, kind="latest", seq=1795799101000217),
                common.Subscription(channel=_CHAT, kind="every", seq=43),
            ]
        ),
        common.Authenticate(token=_JWT),
        common.AuthSuccess(user=_ADA, expiresAt=END),
        common.SessionUpdated(user=_ADA),
        common.ConnectionEstablished(
            connectionId="5f0c7a52-2f3e-4d7e-9d35-0a4f1f1b6b1c",
            endpoint="contest",
            authenticated=True,
            user=_ADA,
            expiresAt=END,
            epoch=EPOCH,
            positions={_CHAT: 43},
            heartbeatIntervalMs=30_000,
            serverVersion="0.1.0",
            contract=2,
            limits=common.Limits(maxMessageBytes=65_536, messagesPerMinute=120, maxSubscriptions=2_000),
        ),
        ErrorEvent(code="INVALID_REQUEST", message="`contestId` is missing.", field="contestId"),
        ErrorEvent(
            code="RATE_LIMIT_EXCEEDED",
            message="Too many messages: wait before you send the next one.",
            retryAfterMs=1_500,
        ),
    ]
)
