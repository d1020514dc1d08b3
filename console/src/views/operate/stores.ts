import { latest, type LatestStore } from "@duelcast/client";
import type { ActiveUsers, DashboardUpdate, ServerStatus, ServiceState, SkyDuelService } from "@duelcast/client/types";
import { client } from "../../app/session";

/** The status of the server, at key 0. */
export const serverStatus: LatestStore<0, ServerStatus> = latest(client, "monitor", "system.status", (message) =>
  message.type === "SERVER_STATUS_UPDATE" ? [[0, message.data] as const] : [],
);

/** The figures of the server, at key 0. */
export const dashboard: LatestStore<0, DashboardUpdate> = latest(
  client,
  "analytics",
  "analytics.dashboard",
  (message) => (message.type === "dashboard_update" ? [[0, message] as const] : []),
);

/** Those who are active, at key 0. */
export const activeUsers: LatestStore<0, ActiveUsers> = latest(client, "analytics", "analytics.dashboard", (message) =>
  message.type === "active_users" ? [[0, message] as const] : [],
);

/** Services by name, with what their managers need: commands, dependents, figures. */
export const managed: LatestStore<string, SkyDuelService> = latest(client, "skyduel", "skyduel.*", (message) =>
  message.type === "service_data"
    ? message.services.map((one) => [one.name, one] as const)
    : [[message.service.name, message.removed ? undefined : message.service] as const],
);

/** Services by name, with their breakers and the durations of their calls. */
export const states: LatestStore<string, ServiceState> = latest(client, "circuit-breaker", "services", (message) =>
  message.type === "services:state"
    ? message.services.map((one) => [one.service, one] as const)
    : [[message.service, message.removed ? undefined : message] as const],
);
