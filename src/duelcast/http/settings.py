"""Settings that change at run time (protocol §13)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from litestar import Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import Body, PathParameter, QueryParameter, SkipValidation
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from duelcast.channels.names import Role
from duelcast.domain.settings.changing import MAX_DESCRIPTION_CHARACTERS, SettingChange
from duelcast.domain.settings.events import KEY_GRAMMAR, Setting, highest_version
from duelcast.domain.settings.records import SettingSource
from duelcast.domain.settings.service import SystemSettings
from duelcast.http.bodies import BULK_BODY_BYTES
from duelcast.http.callers import CallerRequest, admins_only, caller
from duelcast.http.documents import problems
from duelcast.http.parameters import Count, NextCursor, cursor_parameter
from duelcast.store.settings import SettingChangeRow, Visibility
from duelcast.wire.messages import MAX_SAFE_INTEGER, Timestamp
from duelcast.wire.timestamps import format_ms

MAX_CHANGES = 500

TheSettings: TypeAlias = NamedDependency[SkipValidation[SystemSettings]]
KeyParameter = Annotated[str, PathParameter(description=f"The key of a setting: {KEY_GRAMMAR}.")]


class SettingInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The new state of a setting. Omitted fields stay as they are."""

    value: Any
    """Any JSON of the same type as the setting's first value, within the server's limits."""
    description: Annotated[str, Meta(max_length=MAX_DESCRIPTION_CHARACTERS)] | None = None
    """A text about the setting."""
    visibility: Visibility | None = None
    """Those who see the setting; by default, a new setting is visible only to admins."""
    secret: bool | None = None
    """True hides the value from everybody; it can be set only at creation."""
    expectedVersion: Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)] | None = None
    """Change the setting only if this is its version or, with 0, only if it is not stored yet."""


class SettingInForce(Setting, kw_only=True):
    """A setting, with the source of its value and, if it is one of the server's own, what the server declares of it."""

    source: SettingSource
    """Where the value comes from: `stored` by an admin, the `configuration` of the server's start, or the `default`."""
    default: Any = UNSET
    """The default; absent if the setting is not one of the server's own, or secret."""
    configured: Any = UNSET
    """The value in the server's environment, file or command line, which holds while none is stored; absent if it is
    not set there, or secret."""
    integer: bool | UnsetType = UNSET
    """Whether the value must be a whole number; absent unless the server declares a number."""
    minimum: float | UnsetType = UNSET
    """The least value that is valid; absent if there is none."""
    exclusiveMinimum: float | UnsetType = UNSET
    """A value that valid ones are greater than; absent if there is none."""
    maximum: float | UnsetType = UNSET
    """The greatest value that is valid; absent if there is none."""


class SettingList(Struct):
    """Settings in the order of their keys."""

    data: list[SettingInForce]
    """The settings."""
    count: Count
    version: int
    """The highest version of the settings."""


class Change(Struct):
    """A change of a setting, with the new state."""

    version: int
    """The version of the setting after the change."""
    value: Any
    """The new value; null if the setting was deleted or is secret."""
    deleted: bool
    """Whether the setting was deleted."""
    secret: bool
    """Whether the value is secret."""
    timestamp: Timestamp
    """When the setting was changed."""
    by: str
    """The wallet of the admin who changed the setting."""


class SettingHistory(Struct):
    """Changes, newest first."""

    data: list[Change]
    """The changes."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


@get(
    "/",
    summary="All settings",
    response_description="The settings.",
    guards=[admins_only],
    responses=problems(401, 403, 429),
)
async def list_settings(settings: TheSettings) -> SettingList:
    """All settings: those of the server, and those that admins have created. For admins."""
    data = [_in_force(settings, setting) for setting in settings.all(Role.ADMIN).values()]
    return SettingList(data, len(data), highest_version(data))


@get(
    "/{key:str}",
    summary="One setting",
    response_description="The setting.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 429),
)
async def get_setting(settings: TheSettings, key: KeyParameter) -> SettingInForce:
    """The setting in force now. For admins."""
    return _in_force(settings, settings.get(key, Role.ADMIN))


@put(
    "/{key:str}",
    summary="Change a setting, or create it",
    response_description="The setting as it is now.",
    guards=[admins_only],
    request_max_body_size=BULK_BODY_BYTES,
    responses=problems(400, 401, 403, 408, 409, 413, 415, 422, 429, 503),
)
async def put_setting(
    settings: TheSettings,
    request: CallerRequest,
    key: KeyParameter,
    data: Annotated[SettingInput, Body(description="The new state.")],
) -> SettingInForce:
    """The change takes effect without a restart, and is pushed to followers. Setting an equal value is a change too. A
    refusal with `VERSION_CONFLICT` contains the current setting in `current`. For admins."""
    change = SettingChange(
        value=data.value,
        description=data.description,
        visibility=data.visibility,
        secret=data.secret,
        expected_version=data.expectedVersion,
    )
    return _in_force(settings, await settings.update(caller(request), key, change))


@delete(
    "/{key:str}",
    summary="Delete a setting",
    response_description="Deleted.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 409, 429, 503),
)
async def delete_setting(
    settings: TheSettings,
    request: CallerRequest,
    key: KeyParameter,
    expected_version: Annotated[
        int | None,
        QueryParameter(
            name="expectedVersion",
            ge=0,
            le=MAX_SAFE_INTEGER,
            description="Delete the setting only if this is its version.",
        ),
    ] = None,
) -> None:
    """A setting of the server returns to its configured or default value; any other setting disappears. For admins."""
    await settings.delete(caller(request), key, expected_version)


@get(
    "/{key:str}/history",
    summary="The history of a setting",
    response_description="The changes.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def get_setting_history(
    settings: TheSettings,
    key: KeyParameter,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_CHANGES, description="At most this many.")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> SettingHistory:
    """Every version of the setting, newest first, even if the setting was deleted. For admins."""
    changes = await settings.history(key, limit=limit + 1, before_version=cursor_parameter(cursor))
    page = changes[:limit]
    return SettingHistory(
        data=[_change(row) for row in page],
        count=len(page),
        nextCursor=str(page[-1].version) if len(changes) > limit else UNSET,
    )


def settings_router() -> Router:
    """Everything under `/settings`."""
    return Router(
        "/settings",
        route_handlers=[list_settings, get_setting, put_setting, delete_setting, get_setting_history],
        tags=["Settings"],
    )


def _in_force(settings: SystemSettings, setting: Setting) -> SettingInForce:
    grounds = settings.grounds(setting.key)
    bounds = grounds.bounds
    return SettingInForce(
        **structs.asdict(setting),
        source=grounds.source,
        default=grounds.default,
        configured=grounds.configured,
        integer=UNSET if bounds is None else bounds.integer,
        minimum=UNSET if bounds is None else bounds.minimum,
        exclusiveMinimum=UNSET if bounds is None else bounds.exclusive_minimum,
        maximum=UNSET if bounds is None else bounds.maximum,
    )


def _change(row: SettingChangeRow) -> Change:
    return Change(row.version, row.value, row.deleted, row.secret, format_ms(row.at_ms), row.by)
