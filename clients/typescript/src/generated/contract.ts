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
    once: ["auth"],
    keys: { track_event: "eventId" },
    joins: {
      subscribe_dashboard: ["analytics.dashboard"],
      subscribe_metric: ["analytics.metric.{metric}"],
      subscribe: ["{channel}", "{channels}"],
    },
    leaves: {
      unsubscribe_dashboard: ["analytics.dashboard"],
      unsubscribe_metric: ["analytics.metric.{metric}"],
      unsubscribe: ["{channel}", "{channels}"],
    },
  },
  "circuit-breaker": {
    auth: "token",
    once: ["service:health_check", "service:reset_circuit_breaker", "auth"],
    joins: {
      subscribe_all: ["services"],
      "subscribe:services": ["services"],
      "subscribe:layer": ["layer.{layer}"],
      "subscribe:service": ["service.{service}"],
      subscribe: ["{channel}", "{channels}"],
    },
    leaves: { unsubscribe: ["{channel}", "{channels}"] },
  },
  contest: {
    auth: "token",
    publicName: "public.contests",
    once: ["set_admin_presence", "auth"],
    keys: { send_chat_message: "messageId" },
    joins: {
      get_all_contests: ["public.contests"],
      get_contest_state: ["contest.{contestId}"],
      get_participant_status: ["participant.{wallet}.{contestId}"],
      get_leaderboard: ["leaderboard.{contestId}"],
      join_contest_room: [
        "contest.{contestId}",
        "presence.{contestId}",
        "chat.{contestId}",
        "leaderboard.{contestId}",
        "participant.{wallet}.{contestId}",
      ],
      subscribe: ["{channel}", "{channels}"],
    },
    leaves: {
      leave_contest_room: [
        "contest.{contestId}",
        "presence.{contestId}",
        "chat.{contestId}",
        "leaderboard.{contestId}",
        "participant.*.{contestId}",
      ],
      unsubscribe: ["{channel}", "{channels}"],
    },
  },
  "market-data": {
    auth: "public",
    once: ["auth"],
    joins: { SUBSCRIBE_SYMBOLS: ["market.{symbols}", "metadata.{symbols}"], subscribe: ["{channel}", "{channels}"] },
    leaves: {
      UNSUBSCRIBE_SYMBOLS: ["market.{symbols}", "metadata.{symbols}"],
      unsubscribe: ["{channel}", "{channels}"],
    },
  },
  monitor: {
    auth: "token",
    publicName: "public.background_scene",
    once: ["auth"],
    joins: { subscribe: ["{channel}", "{channels}"] },
    leaves: { unsubscribe: ["{channel}", "{channels}"] },
  },
  notifications: {
    auth: "token",
    publicName: "system.announcements",
    once: ["mark_read", "mark_all_read", "auth"],
    joins: { subscribe: ["{channel}", "{channels}"] },
    leaves: { unsubscribe: ["{channel}", "{channels}"] },
  },
  skyduel: {
    auth: "admin",
    once: ["auth"],
    keys: { service_command: "commandId" },
    joins: { subscribe_service: ["skyduel.{serviceName}"], subscribe: ["{channel}", "{channels}"] },
    leaves: { unsubscribe_service: ["skyduel.{serviceName}"], unsubscribe: ["{channel}", "{channels}"] },
  },
  "system-settings": {
    auth: "token",
    once: ["update_setting", "auth"],
    joins: {
      subscribe_setting: ["setting.{key}"],
      subscribe_category: ["category.{category}"],
      subscribe: ["{channel}", "{channels}"],
    },
    leaves: {
      unsubscribe_setting: ["setting.{key}"],
      unsubscribe_category: ["category.{category}"],
      unsubscribe: ["{channel}", "{channels}"],
    },
  },
  "token-data": {
    auth: "public",
    once: ["auth"],
    joins: {
      SUBSCRIBE_SYMBOLS: ["market.{symbols}", "token.{symbols}"],
      get_all_tokens: ["public.token_list"],
      subscribe: ["{channel}", "{channels}"],
    },
    leaves: {
      UNSUBSCRIBE_SYMBOLS: ["market.{symbols}", "token.{symbols}"],
      get_all_tokens: ["public.tokens"],
      unsubscribe: ["{channel}", "{channels}"],
    },
  },
};

/** The codes of errors after which the same command may succeed later. */
export const RETRIABLE: readonly string[] = [
  "COMMAND_IN_PROGRESS",
  "MAINTENANCE",
  "OUTCOME_UNKNOWN",
  "RATE_LIMIT_EXCEEDED",
  "TOO_MANY_CONNECTIONS",
  "UNAVAILABLE",
];

/** The codes of closures after which it is useless to connect again. */
export const FINAL: readonly number[] = [1000, 1002, 1003, 1007, 1009, 4003];
