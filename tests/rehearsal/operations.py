"""Those who look after services and settings: on circuit-breaker, monitor, skyduel and system-settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from duelcast.channels.names import Role
from tests.rehearsal.visitor import Visitor
from tests.serving import Frame


class ServiceWatcher(Visitor):
    """On circuit-breaker, with all services. `statuses` are what it shows, `alerts` what it was told, in order."""

    endpoint = "circuit-breaker"

    def __init__(self, base_url: str, wallet: str, role: Role = Role.USER) -> None:
        super().__init__(base_url, wallet, role)
        self.statuses: dict[str, str] = {}
        self.alerts: list[Frame] = []

    def wishes(self) -> Sequence[dict[str, Any]]:
        return [{"type": "subscribe:services"}]

    def take(self, frame: Frame) -> None:
        match frame["type"]:
            case "services:state":
                self.statuses = {one["service"]: one["status"] for one in frame["services"]}
            case "service:update":
                self.statuses[frame["service"]] = frame["status"]
            case "service:alert":
                self.alerts.append(frame)

    def told(self, service: str) -> list[str]:
        """The types of what it was told of a service, in order."""
        return [frame["alert"]["type"] for frame in self.alerts if frame["service"] == service]


class StatusWatcher(Visitor):
    """On monitor. `statuses` are those of the platform, in order without repeats; `maintenance` whether there is any,
    `maintenances` the changes of it. For admins `services` are their statuses, and `settings` the values."""

    endpoint = "monitor"

    def __init__(self, base_url: str, wallet: str | None = None, role: Role = Role.USER) -> None:
        public_name = "public.background_scene" if wallet is None else None
        super().__init__(base_url, wallet, role, public_name=public_name)
        self.statuses: list[str] = []
        self.maintenances: list[bool] = []
        self.services: dict[str, str] = {}
        self.settings: dict[str, Any] = {}

    def take(self, frame: Frame) -> None:
        match frame["type"]:
            case "SERVER_STATUS_UPDATE":
                _append(self.statuses, frame["data"]["status"])
            case "maintenance_status":
                _append(self.maintenances, frame["data"]["mode"])
            case "all_services":
                self.services = {one["name"]: one["status"] for one in frame["data"]}
            case "service_status":
                self.services[frame["service"]] = frame["data"]["status"]
            case "system_settings" if frame["subtype"] == "all":
                self.settings = dict(frame["data"])
            case "system_settings" if frame["subtype"] == "update":
                self.settings |= frame["data"]


class Operator(Visitor):
    """On skyduel, an admin. `statuses` are those of all services."""

    endpoint = "skyduel"

    def __init__(self, base_url: str, wallet: str) -> None:
        super().__init__(base_url, wallet, Role.ADMIN)
        self.statuses: dict[str, str] = {}

    def wishes(self) -> Sequence[dict[str, Any]]:
        return [{"type": "subscribe_service", "serviceName": "*"}]

    def take(self, frame: Frame) -> None:
        if frame["type"] == "service_data":
            self.statuses = {one["name"]: one["status"] for one in frame["services"]}
        elif frame["type"] == "service_update":
            self.statuses[frame["service"]["name"]] = frame["service"]["status"]


class SettingsReader(Visitor):
    """On system-settings, with the categories in `categories`. `settings` are (value, version) of what it may see."""

    endpoint = "system-settings"

    def __init__(self, base_url: str, wallet: str, role: Role, categories: Sequence[str]) -> None:
        super().__init__(base_url, wallet, role)
        self.settings: dict[str, tuple[Any, int]] = {}
        self._categories = categories

    def wishes(self) -> Sequence[dict[str, Any]]:
        return [{"type": "subscribe_category", "category": category} for category in self._categories]

    def take(self, frame: Frame) -> None:
        match frame["type"]:
            case "all_settings":
                self.settings = {key: shown(setting) for key, setting in frame["settings"].items()}
            case "category_settings":
                self.settings |= {key: shown(setting) for key, setting in frame["settings"].items()}
            case "setting_update" if frame["setting"] is None:
                self.settings.pop(frame["key"], None)
            case "setting_update":
                self.settings[frame["key"]] = shown(frame["setting"])


def shown(setting: Frame) -> tuple[Any, int]:
    """Value and version of a setting."""
    return setting["value"], setting["version"]


def _append(values: list[Any], value: Any) -> None:
    """Unless it is the last one already."""
    if values[-1:] != [value]:
        values.append(value)
