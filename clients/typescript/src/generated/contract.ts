// The facts of the contract that the client needs at run time. Written by `make docs`; do not edit.

import type { EndpointName } from "./messages.js";

/** The facts about an endpoint. */
export interface EndpointFacts {
  /** Whether a client needs no token. */
  readonly isPublic?: boolean;
  /** With this name as `endpoint`, a client may connect without a token. */
  readonly publicName?: string;
}

/**
 * The facts about the commands of an endpoint, but for those that the client handles by itself: channels and rooms.
 * Templates of channels have the names of a command's fields in braces.
 */
export interface CommandFacts {
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
  analytics: {},
  "circuit-breaker": {},
  contest: { publicName: "public.contests" },
  "market-data": { isPublic: true },
  monitor: { publicName: "public.background_scene" },
  notifications: { publicName: "system.announcements" },
  skyduel: {},
  "system-settings": {},
  "token-data": { isPublic: true },
};

export const COMMANDS: Readonly<Record<EndpointName, CommandFacts>> = {
  analytics: {
    keys: { track_event: "eventId" },
    joins: { subscribe_dashboard: ["analytics.dashboard"], subscribe_metric: ["analytics.metric.{metric}"] },
    leaves: { unsubscribe_dashboard: ["analytics.dashboard"], unsubscribe_metric: ["analytics.metric.{metric}"] },
  },
  "circuit-breaker": {
    once: ["service:health_check", "service:reset_circuit_breaker"],
    joins: {
      subscribe_all: ["services"],
      "subscribe:services": ["services"],
      "subscribe:layer": ["layer.{layer}"],
      "subscribe:service": ["service.{service}"],
    },
  },
  contest: {
    once: ["set_admin_presence"],
    keys: { send_chat_message: "messageId" },
    joins: {
      get_all_contests: ["public.contests"],
      get_contest_state: ["contest.{contestId}"],
      get_participant_status: ["participant.{wallet}.{contestId}"],
      get_leaderboard: ["leaderboard.{contestId}"],
    },
  },
  "market-data": {
    joins: { SUBSCRIBE_SYMBOLS: ["market.{symbols}", "metadata.{symbols}"] },
    leaves: { UNSUBSCRIBE_SYMBOLS: ["market.{symbols}", "metadata.{symbols}"] },
  },
  monitor: {},
  notifications: { once: ["mark_read", "mark_all_read"] },
  skyduel: {
    keys: { service_command: "commandId" },
    joins: { subscribe_service: ["skyduel.{serviceName}"] },
    leaves: { unsubscribe_service: ["skyduel.{serviceName}"] },
  },
  "system-settings": {
    once: ["update_setting"],
    joins: { subscribe_setting: ["setting.{key}"], subscribe_category: ["category.{category}"] },
    leaves: { unsubscribe_setting: ["setting.{key}"], unsubscribe_category: ["category.{category}"] },
  },
  "token-data": {
    joins: { SUBSCRIBE_SYMBOLS: ["market.{symbols}", "token.{symbols}"], get_all_tokens: ["public.token_list"] },
    leaves: { UNSUBSCRIBE_SYMBOLS: ["market.{symbols}", "token.{symbols}"], get_all_tokens: ["public.tokens"] },
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
