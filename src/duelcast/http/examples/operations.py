"""Examples of services, nodes, errors, settings and health."""

from __future__ import annotations

from duelcast.endpoints.documents.examples.story import END, MIRA, PREPARED
from duelcast.http.examples.example import Example

_DEFINITION = {
    "kind": "reported",
    "layer": "platform",
    "displayName": "Payouts",
    "description": "Pays the prizes.",
    "version": "2.4.1",
}
_NEW_SERVICE = _DEFINITION | {
    "name": "payouts",
    "status": "unknown",
    "isRunning": True,
    "hasActiveCircuitBreaker": False,
    "dependencies": [],
    "dependents": [],
    "commands": ["reset_circuit_breaker", "health_check"],
    "lastUpdate": END,
    "startedAt": END,
    "restarts": 0,
    "metrics": {
        "total": 0,
        "successful": 0,
        "failed": 0,
        "rejected": 0,
        "averageOperationTimeMs": None,
        "p95OperationTimeMs": None,
        "lastCheckMs": None,
    },
}
_SERVICE = _NEW_SERVICE | {
    "status": "degraded",
    "metrics": {
        "total": 2,
        "successful": 1,
        "failed": 1,
        "rejected": 0,
        "averageOperationTimeMs": 2592,
        "p95OperationTimeMs": 5000,
        "lastCheckMs": None,
    },
}
_BANNER = {
    "value": "The Friday Shootout begins at 17:00.",
    "description": "A line at the top of every page.",
    "visibility": "public",
}
_SETTING = _BANNER | {
    "key": "pages.banner",
    "name": "banner",
    "category": "pages",
    "value_type": "string",
    "secret": False,
    "version": 1,
    "updatedAt": PREPARED,
    "updatedBy": MIRA,
    "source": "stored",
}

OPERATIONS = {
    "putService": Example("Mira adds the service that pays prizes.", _NEW_SERVICE, _DEFINITION),
    "postOperations": Example(
        "One payment succeeds, the other fails.",
        {"accepted": 2},
        [
            {"ok": True, "durationMs": 184},
            {"ok": False, "durationMs": 5000, "error": "The RPC node did not answer."},
        ],
    ),
    "getService": Example("One of two payments has failed.", _SERVICE),
    "listServices": Example("One of two payments has failed.", {"data": [_SERVICE], "count": 1}),
    "listNodes": Example(
        "The server is one process.",
        {
            "data": [
                {
                    "name": "duelcast-1",
                    "role": "all",
                    "version": "1.0.0",
                    "since": PREPARED,
                    "connections": 0,
                    "lagMs": 0,
                    "term": None,
                }
            ],
            "count": 1,
        },
    ),
    "listAlerts": Example(
        "Five payments in a row have failed.",
        {
            "data": [
                {
                    "service": "payouts",
                    "timestamp": END,
                    "alert": {
                        "id": "6f2d3c1e-8a54-4b7e-9a0f-5d1f0c7b2e43",
                        "type": "circuit_open",
                        "severity": "critical",
                        "message": "Calls fail too often: they are refused for a while.",
                    },
                    "transition": {"before": "closed", "after": "open", "reason": "failures in a row"},
                }
            ],
            "count": 1,
        },
    ),
    "postError": Example(
        "The service that pays prizes reports an error.",
        {"id": 1795802400000001, "count": 1},
        {
            "service": "payouts",
            "level": "error",
            "error": "The RPC node did not answer.",
            "source": "transfer",
            "details": {"contestId": 2, "attempt": 3},
        },
    ),
    "putSetting": Example("Mira announces the contest.", _SETTING, _BANNER | {"expectedVersion": 0}),
    "getSetting": Example("The contest is announced.", _SETTING),
    "listSettings": Example("The contest is announced.", {"data": [_SETTING], "count": 1, "version": 1}),
    "getSettingHistory": Example(
        "Mira announced the contest.",
        {
            "data": [
                {
                    "version": 1,
                    "value": "The Friday Shootout begins at 17:00.",
                    "deleted": False,
                    "secret": False,
                    "timestamp": PREPARED,
                    "by": MIRA,
                }
            ],
            "count": 1,
        },
    ),
    "getHealth": Example("The process is alive.", {"status": "ok"}),
    "getReadiness": Example("Everything works.", {"status": "ready", "reasons": []}),
}
