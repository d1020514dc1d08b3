"""Connects the core with sockets, the clock, the token provider and the readers."""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from .clock import Clock
from .core.actions import Action, AskToken, ConnectionState, Dial, End, Refusal, Send
from .core.core import Core
from .core.stores.base import Store
from .core.tokens import Answer, NoToken, answer_of
from .socket import Options, Socket

TokenProvider = str | Callable[[], str | None] | Callable[[], Awaitable[str | None]] | None
"""A token, a function that returns one, or None for no token. The function may be asynchronous, is asked before each
connection and before a token expires, and returns None if nobody is signed in."""

CLOCK_CHECK_S = 5.0
JUMP_S = 3.0
"""If wall time and monotonic time differ by this much more than before, the machine was asleep."""

logger = logging.getLogger("duelcast.client")


class Hooks:
    """Functions of the application. Each is called after the client has finished the work that caused the call."""

    def __init__(
        self,
        state: Callable[[ConnectionState], None] | None,
        refusal: Callable[[Refusal], None] | None,
        frame: Callable[[str, str], None] | None,
    ) -> None:
        self.state = state
        self.refusal = refusal
        self.frame = frame


class Driver:
    """Runs the core in the running loop until it is closed."""

    def __init__(self, url: str, provider: TokenProvider, options: Options, clock: Clock, hooks: Hooks) -> None:
        self._url = url
        self._provider = provider
        self._options = options
        self._clock = clock
        self._hooks = hooks
        self._loop = asyncio.get_running_loop()
        self.core = Core(*self._now_ms(), jitter=random.random, new_uuid=lambda: str(uuid.uuid4()))
        self.watchers: list[Callable[[], None]] = []
        """Called after each change of a connection's state. They must not raise."""
        self._sockets: dict[int, Socket] = {}
        self._endpoints: dict[int, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: asyncio.Task[None] | None = None
        self._sleep: asyncio.Task[None] | None = None
        self._sleeps_until_ms: int | None = None
        self._is_carrying_out = False
        self._is_closed = False
        self._start(self._watch_clock())

    @contextmanager
    def turn(self) -> Iterator[Core]:
        """Give the core the time, let the caller use it, and carry out what it asks for."""
        self.core.timers.set(*self._now_ms())
        yield self.core
        self._carry_out()

    def release(self, endpoint: str, store: Store) -> None:
        """Take back a wish, possibly from a finalizer."""
        if not self._is_closed and not self._loop.is_closed():
            with self.turn() as core:
                core.drop(endpoint, store)

    def set_provider(self, provider: TokenProvider) -> None:
        """Use another token, or other provider, from now on."""
        self._provider = provider
        with self.turn() as core:
            core.token_was_set()

    async def close(self) -> None:
        """End all connections. Returns within the time-out for closing, even if the server does not answer."""
        if not self._is_closed:
            with self.turn() as core:
                core.close()
            self._is_closed = True
        sockets = {socket.task for socket in self._sockets.values()}
        others = self._tasks - sockets
        for task in others:
            task.cancel()
        try:
            if sockets:
                await asyncio.wait(sockets, timeout=self._options.close_timeout_s)
        finally:
            for task in sockets | others:
                task.cancel()
            await asyncio.gather(*sockets, *others, return_exceptions=True)

    # ── what sockets report ───────────────────────────────────────────────────────────────────────────────────────

    def opened(self, connection: int) -> None:
        with self.turn() as core:
            core.opened(connection)

    def received(self, connection: int, text: str) -> None:
        if self._hooks.frame is not None and connection in self._endpoints:
            self._call(self._hooks.frame, self._endpoints[connection], text)
        with self.turn() as core:
            core.received(connection, text)

    def lost(self, connection: int, code: int, reason: str) -> None:
        logger.debug("connection %d was lost: %d", connection, code)
        with self.turn() as core:
            core.lost(connection, code, reason)

    def distrusted(self, connection: int, reason: str) -> None:
        logger.debug("connection %d was not trusted", connection)
        with self.turn() as core:
            core.distrusted(connection, reason)

    # ── what the core asks for ────────────────────────────────────────────────────────────────────────────────────

    def _carry_out(self) -> None:
        if self._is_carrying_out:
            return  # the call that carries out takes this one's actions too
        self._is_carrying_out = True
        try:
            while actions := self.core.take_actions():
                for action in actions:
                    self._do(action)
        finally:
            self._is_carrying_out = False
        self._schedule()

    def _do(self, action: Action) -> None:
        match action:
            case Send():
                if socket := self._sockets.get(action.connection):
                    socket.send(action.text)
            case Dial():
                self._dial(action)
            case End():
                if socket := self._sockets.get(action.connection):
                    socket.end(action.code, at_once=action.lost)
                self._endpoints.pop(action.connection, None)
            case AskToken():
                self._ask(action.question)
            case ConnectionState():
                logger.debug("%s is %s", action.endpoint, action.status)
                for watcher in tuple(self.watchers):
                    watcher()
                self._call(self._hooks.state, action)
            case Refusal():
                self._call(self._hooks.refusal, action)

    def _dial(self, dial: Dial) -> None:
        query = f"?{urlencode(dial.query)}" if dial.query else ""
        socket = Socket(dial.connection, f"{self._url}{dial.path}{query}", self._options, self)
        self._sockets[dial.connection] = socket
        self._endpoints[dial.connection] = dial.endpoint
        self._keep(socket.task)
        socket.task.add_done_callback(lambda _task: self._forget(dial.connection))

    def _forget(self, connection: int) -> None:
        self._sockets.pop(connection, None)
        self._endpoints.pop(connection, None)

    def _ask(self, question: int) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if callable(self._provider):
            self._asking = self._start(self._ask_provider(question, self._provider))
        else:
            self.core.token_answered(question, answer_of(self._provider))

    async def _ask_provider(
        self, question: int, provider: Callable[[], str | None] | Callable[[], Awaitable[str | None]]
    ) -> None:
        answer: Answer
        try:
            token = provider()
            if inspect.isawaitable(token):
                token = await token
        except Exception as failed:
            # The text of the exception may contain a token.
            answer = NoToken(f"The token provider failed ({type(failed).__name__}).")
        else:
            answer = answer_of(token)
        with self.turn() as core:
            core.token_answered(question, answer)

    def _call(self, hook: Callable[..., None] | None, *arguments: object) -> None:
        if hook is not None:
            self._loop.call_soon(hook, *arguments)

    # ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _now_ms(self) -> tuple[int, int]:
        return int(self._clock.monotonic() * 1000), int(self._clock.time() * 1000)

    def _schedule(self) -> None:
        """Sleep until something is due."""
        due_ms = self.core.timers.next_due_ms()
        if due_ms == self._sleeps_until_ms:
            return
        if self._sleep is not None:
            self._sleep.cancel()
        self._sleeps_until_ms = due_ms
        self._sleep = None if due_ms is None else self._start(self._sleep_until(due_ms))

    async def _sleep_until(self, due_ms: int) -> None:
        # Clocks that count fractions of milliseconds would otherwise wake up just before the time.
        await self._clock.sleep((due_ms + 1) / 1000 - self._clock.monotonic())
        self._sleeps_until_ms, self._sleep = None, None
        with self.turn() as core:
            core.timers.run_due()

    async def _watch_clock(self) -> None:
        """Notice that the machine was asleep, that the process was suspended, or that the clock was set."""
        while True:
            began_s = self._clock.time()
            await self._clock.sleep(CLOCK_CHECK_S)
            if abs(self._clock.time() - began_s - CLOCK_CHECK_S) >= JUMP_S:
                with self.turn() as core:
                    core.wake()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._keep(task)
        return task

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
