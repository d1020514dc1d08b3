"""A client for Duelcast servers, which is also distributed alone as `duelcast-client`.

    async with Client("http://127.0.0.1:8069", token=my_token) as client:

        async def prices():
            async for price in client.market("SOL", "BTC"):  # always the newest; "*" is every symbol
                print(price.symbol, price.price)

        async def board():
            async for board in client.leaderboard(2):
                print(board.entries[0].wallet)

        async def chat():
            async with client.room(2) as room:
                await room.send("gg")
                async for message in room.chat():
                    print(message.sender.wallet, message.text)

        await asyncio.gather(prices(), board(), chat())

Nothing else is needed to survive a lost connection: what was followed is followed again, from where it was interrupted.

Commands and channels have types. `channels` has the names of all channels and groups, and a module of `generated` for
each endpoint has its commands and messages. A type checker refuses those of another endpoint:

    from duelcast_client import channels
    from duelcast_client.generated.contest import ChatMessage, GetLeaderboard

    board = await client.contest.request(GetLeaderboard(contestId=2))  # a LeaderboardUpdate
    async for message in client.contest.follow(channels.chat(2)):  # a ChatMessage or ChatMessageDeleted
        if isinstance(message, ChatMessage):
            print(message.data.text)
"""

from .client import Client
from .core.actions import ConnectionState, Refusal
from .core.tracking import Stored
from .driver import TokenProvider
from .endpoint import Endpoint
from .errors import Closed, DuelcastError, Overflow, Refused, RequestFailed, SignedOut
from .generated import channels
from .generated.contract import EndpointName
from .inbox import Inbox
from .messages import Channel, Command, Message, Record
from .room import ChatEntry, Member, Room
from .streams import Stream

__all__ = [
    "Channel",
    "ChatEntry",
    "Client",
    "Closed",
    "Command",
    "ConnectionState",
    "DuelcastError",
    "Endpoint",
    "EndpointName",
    "Inbox",
    "Member",
    "Message",
    "Overflow",
    "Record",
    "Refusal",
    "Refused",
    "RequestFailed",
    "Room",
    "SignedOut",
    "Stored",
    "Stream",
    "TokenProvider",
    "channels",
]
