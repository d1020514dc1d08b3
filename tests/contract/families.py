"""Channels of both kinds, for tests that need no domain."""

from __future__ import annotations

from duelcast.channels.names import Family, Kind, Unfollowed

CHAT = Family("chat", Kind.EVERY, (), "Each message counts.", parameter="[0-9]+")
PRESENCE = Family(
    "presence",
    Kind.LATEST,
    (),
    "The newest message per key counts.",
    parameter="[a-z]+",
    group=lambda parameter: "presence.*" if len(parameter) == 1 else None,
    group_names=r"presence\.\*",
)
BOARD = Family(
    "board",
    Kind.LATEST,
    (),
    "The newest message per key counts; the state is elsewhere too.",
    parameter="[a-z]+",
    unfollowed=Unfollowed.FORGOTTEN,
)
ROW = Family(
    "row",
    Kind.LATEST,
    (),
    "Made only for those who follow.",
    parameter=r"[a-z]+\.[a-z]+",
    unfollowed=Unfollowed.SILENT,
    subject=lambda parameter: parameter.rpartition(".")[2],
)
