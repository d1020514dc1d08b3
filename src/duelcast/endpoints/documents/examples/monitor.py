"""The server as Mira sees it while the wallet service fails."""

from __future__ import annotations

from duelcast.domain.operations import error_events, events, monitored_settings
from duelcast.endpoints import monitor
from duelcast.endpoints.documents.examples.services import METRICS, OPENED
from duelcast.endpoints.documents.examples.story import MIRA, NOW, Examples, before

_ERROR = error_events.ErrorRecord(
    id=9031,
    service="wallet",
    source="signer",
    level="error",
    error="The signer did not answer in time.",
    timestamp=OPENED,
    details={"attempt": 3},
    count=7,
)

EXAMPLES = Examples(
    said=[
        monitor.Welcome(
            capabilities=monitor.Capabilities(status=True, maintenance=True, settings=True, services=True, errors=True)
        ),
        monitor.GetSystemStatus(),
        monitor.GetMaintenanceStatus(),
        monitored_settings.MaintenanceStatus(
            data=monitored_settings.MaintenanceRecord(
                mode=False, message=None, updated_at=before(86_400), updated_by=MIRA
            )
        ),
        monitor.GetSystemSettings(),
        monitor.GetSystemSettings(key="background_scene"),
        monitored_settings.MonitoredSettings(subtype="all", data={"chat.max_characters": 500}),
        monitor.GetServiceStatus(service="wallet"),
        monitor.GetAllServices(),
        monitor.GetRecentErrors(limit=20, service="wallet", level="error"),
        error_events.RecentErrors(data=[_ERROR], count=1, totalErrors=1, service="wallet"),
    ],
    pushed={
        "system.status": [
            events.ServerStatusUpdate(
                data=events.ServerStatus(
                    status="degraded",
                    message="Some services do not work.",
                    timestamp=NOW,
                    version="0.1.0",
                    uptime_seconds=90_412,
                    connections=318,
                    affected=["wallet"],
                )
            )
        ],
        "system.maintenance": [
            monitored_settings.MaintenanceStatus(
                data=monitored_settings.MaintenanceRecord(
                    mode=True, message="Back in ten minutes.", updated_at=NOW, until=before(-600)
                )
            )
        ],
        "public.background_scene": [
            monitored_settings.MonitoredSettings(subtype="background_scene", data={"sky": "dusk"})
        ],
        "system.settings": [monitored_settings.MonitoredSettings(subtype="update", data={"chat.max_characters": 400})],
        "system.services": [
            monitor.AllServices(
                data=[monitor.NamedHealth(name="wallet", status="circuit_open", metrics=METRICS, updated_at=OPENED)]
            ),
            events.MonitoredServiceUpdate(
                service="wallet",
                data=events.ServiceHealth(status="circuit_open", metrics=METRICS, updated_at=OPENED),
            ),
        ],
        "system.errors": [error_events.ErrorAlert(data=_ERROR)],
    },
)
