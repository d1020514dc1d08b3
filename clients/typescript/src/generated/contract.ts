// The facts of the contract that the client needs at run time. Written by `make docs`; do not edit.

import type { EndpointName } from "./messages.js";

/** The facts about an endpoint. Templates of channels have the names of a command's fields in braces. */
export interface EndpointFacts {
  /** The clients that may connect: all, those with a token, or those of admins. */
  readonly auth: "public" | "token" | "admin";
  /** With this name as `endpoint`, a client may connect without a token. */
  readonly publicName?: string;
  /** The commands that must not be repeated after a lost connection, as they might take effect twice. */
  readonly once?: readonly string[];
  /** The commands that may be repeated if the named field is set. */
  readonly keys?: Readonly<Record<string, string>>;
  /** The channels that a command joins. */
  readonly joins?: Readonly<Record<string, readonly string[]>>;
  /** The channels that a command leaves. */
  readonly leaves?: Readonly<Record<string, readonly string[]>>;
}

export const ENDPOINTS: Readonly<Record<EndpointName, EndpointFacts>> = {
  analytics: {
    auth: "token",
    once: [
      "track_event",
      "subscribe_dashboard",
      "unsubscribe_dashboard",
      "subscribe_metric",
      "unsubscribe_metric",
      "get_active_users",
      "get_server_stats",
      "heartbeat",
      "ping",
      "subscribe",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
  "circuit-breaker": {
    auth: "token",
    once: [
      "subscribe_all",
      "subscribe:services",
      "subscribe:layer",
      "subscribe:service",
      "service:health_check",
      "service:reset_circuit_breaker",
      "heartbeat",
      "ping",
      "subscribe",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
  contest: {
    auth: "token",
    publicName: "public.contests",
    once: [
      "get_all_contests",
      "get_contest_state",
      "get_participant_status",
      "get_leaderboard",
      "join_contest_room",
      "leave_contest_room",
      "send_chat_message",
      "set_admin_presence",
      "get_chat_messages",
      "heartbeat",
      "ping",
      "subscribe",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
  "market-data": {
    auth: "public",
    once: [
      "SUBSCRIBE_SYMBOLS",
      "subscribe",
      "UNSUBSCRIBE_SYMBOLS",
      "heartbeat",
      "ping",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
  monitor: {
    auth: "token",
    publicName: "public.background_scene",
    once: [
      "get_system_status",
      "get_maintenance_status",
      "get_system_settings",
      "get_service_status",
      "get_all_services",
      "get_recent_errors",
      "heartbeat",
      "ping",
      "subscribe",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
  notifications: {
    auth: "token",
    publicName: "system.announcements",
    once: [
      "mark_read",
      "mark_all_read",
      "get_unread",
      "get_notifications",
      "heartbeat",
      "ping",
      "subscribe",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
  skyduel: {
    auth: "admin",
    once: [
      "get_services",
      "subscribe_service",
      "unsubscribe_service",
      "service_command",
      "heartbeat",
      "ping",
      "subscribe",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
  "system-settings": {
    auth: "token",
    once: [
      "get_all_settings",
      "get_setting",
      "get_category_settings",
      "subscribe_setting",
      "subscribe_category",
      "unsubscribe_setting",
      "unsubscribe_category",
      "update_setting",
      "heartbeat",
      "ping",
      "subscribe",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
  "token-data": {
    auth: "public",
    once: [
      "SUBSCRIBE_SYMBOLS",
      "UNSUBSCRIBE_SYMBOLS",
      "get_token",
      "get_all_tokens",
      "subscribe",
      "heartbeat",
      "ping",
      "unsubscribe",
      "get_subscriptions",
      "auth",
    ],
  },
};

/** The codes of errors after which the same command may succeed later. */
export const RETRIABLE: readonly string[] = [];

/** The codes of closures after which it is useless to connect again. */
export const FINAL: readonly number[] = [1000, 1002, 1003, 1007, 1009, 4003];
