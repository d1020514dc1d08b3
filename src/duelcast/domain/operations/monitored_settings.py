"""Settings, maintenance and the background scene, as the endpoint `monitor` publishes them
(protocol §7, §9)."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from duelcast.channels.names import Family, Kind, Role
from duelcast.channels.publisher import Publisher
from duelcast.domain.operations.server_status import StatusBoard
from duelcast.domain.settings.maintenance import MAINTENANCE_KEY
from duelcast.domain.settings.service import SystemSettings
from duelcast.wire.messages import Event, Record, Timestamp
from duelcast.wire.timestamps import format_time

SCENE_KEY = "background_scene"
UPDATE = "update"


class MaintenanceRecord(Record):
    """The state of maintenance."""

    mode: bool
    """Whether the server is under maintenance."""
    message: str | None
    """A text for users; null if there is none."""
    updated_at: Timestamp | None
    """When the state last changed; null if it never did."""
    until: Timestamp | UnsetType = UNSET
    """When maintenance ends by itself; absent if it does not, and outside maintenance."""
    updated_by: str | UnsetType | None = UNSET
    """The wallet of the admin who last changed the state, null if nobody did; only in replies to admins."""


class MaintenanceStatus(Event, tag="maintenance_status"):
    """Maintenance began, changed or ended."""

    data: MaintenanceRecord
    """The state of maintenance."""


class MonitoredSettings(Event, tag="system_settings"):
    """Values of settings."""

    subtype: str
    """`all` or `update` if `data` has values by key, otherwise the key of the setting of which `data` is the value."""
    data: Any
    """The values by key, or the value of one setting; null stands for a secret value."""


def _key(event: Event) -> str:
    assert isinstance(event, MonitoredSettings)
    return str(next(iter(event.data)))


SYSTEM_SETTINGS = Family(
    "system.settings",
    Kind.LATEST,
    (MonitoredSettings,),
    "The values of all settings.",
    key=_key,
    key_paths=("data.*",),
    least_role=lambda _nothing: Role.ADMIN,
)
SYSTEM_MAINTENANCE = Family(
    "system.maintenance", Kind.LATEST, (MaintenanceStatus,), "Whether the server is under maintenance."
)
PUBLIC_BACKGROUND_SCENE = Family("public.background_scene", Kind.LATEST, (MonitoredSettings,), "The background scene.")


class SettingsMonitor:
    """Publishes changes; call `announce` first, which publishes the initial state."""

    def __init__(self, settings: SystemSettings, status: StatusBoard, publisher: Publisher) -> None:
        self._settings = settings
        self._status = status
        self._publisher = publisher
        settings.on_change("", self._changed)

    def announce(self) -> None:
        """Publish the initial state."""
        self._publish_maintenance()
        self._publish_scene()

    def scene(self) -> MonitoredSettings:
        """The present scene."""
        return MonitoredSettings(subtype=SCENE_KEY, data=self._settings.value(SCENE_KEY))

    def all_values(self, role: Role) -> dict[str, Any]:
        """The values that `role` sees, by key."""
        return {key: setting.value for key, setting in self._settings.all(role).items()}

    def maintenance(self, *, for_admin: bool) -> MaintenanceStatus:
        """The current state of maintenance."""
        state = self._settings.maintenance()
        return MaintenanceStatus(
            data=MaintenanceRecord(
                mode=state.enabled,
                message=state.message,
                updated_at=None if state.updated_at_s is None else format_time(state.updated_at_s),
                until=UNSET if state.until_s is None or not state.enabled else format_time(state.until_s),
                updated_by=state.updated_by if for_admin else UNSET,
            )
        )

    def _changed(self, key: str, _value: Any) -> None:
        # The value passed to listeners may be secret; the record hides a secret value, even from admins.
        setting = self._settings.find(key, Role.ADMIN)
        update = MonitoredSettings(subtype=UPDATE, data={key: None if setting is None else setting.value})
        self._publisher.publish(SYSTEM_SETTINGS.channel(), update)
        if key == SCENE_KEY:
            self._publish_scene()
        elif key == MAINTENANCE_KEY:
            self._publish_maintenance()
            self._status.changed()

    def _publish_maintenance(self) -> None:
        self._publisher.publish(SYSTEM_MAINTENANCE.channel(), self.maintenance(for_admin=False))

    def _publish_scene(self) -> None:
        self._publisher.publish(PUBLIC_BACKGROUND_SCENE.channel(), self.scene())
