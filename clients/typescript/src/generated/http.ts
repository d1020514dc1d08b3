// The HTTP API. Written by `make docs` from the OpenAPI document; do not edit.

import type { Alert, ContestView, Leaderboard, Participant, SkyDuelService, Token, User } from "./messages.js";

/** An achievement that a user has unlocked. */
export interface Achievement {
  /** The name of the achievement: its category and the count that unlocks it. */
  achievement: string;
  /** The difficulty: `BRONZE`, `SILVER`, `GOLD`, `PLATINUM` or `DIAMOND`. */
  tier: string;
  /** The events that are counted: `contests_entered`, `contests_won` or `win_streak`. */
  category: string;
  /** The XP that the achievement is worth. */
  xp_awarded: number;
  /** When the user unlocked it. */
  unlocked_at: string;
}

/** Alerts, newest first. */
export interface AlertList {
  /** The alerts. */
  data: RecentAlert[];
  /** How many `data` has. */
  count: number;
}

/** A privileged action in the audit trail. */
export interface AuditEntry {
  /** The id of the entry; it grows with time. */
  id: number;
  /** When the action took place. */
  timestamp: string;
  /** The wallet of the person or machine that acted. */
  wallet: string;
  /** Their role at that time. */
  role: string;
  /** The kind of action, such as `users.put`. */
  action: string;
  /** The object of the action: a wallet, a symbol, or an id such as `contests/2`. */
  target: string;
  /**
   * `ok`, `denied` if a right was missing, or `conflict` if somebody else was faster. For a command to a service, it
   * may also be `failed`, `timeout`, or an error code in lower case.
   */
  outcome: string;
  /** Further facts, which depend on the action. */
  details: Record<string, unknown>;
}

/** Entries, newest first. */
export interface AuditPage {
  /** The entries. */
  data: AuditEntry[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/** The moment of a start or an end, and the prices that were used. */
export interface Boundary {
  /** The moment. */
  at: string;
  /** The prices of the tokens in the portfolios. */
  prices: SettledPrice[];
}

/** When a breaker opens, and how it closes again. */
export interface BreakerSettings {
  /** The breaker opens after this many failures in a row. */
  failure_threshold?: number | undefined;
  /** The rates count only if the window has at least this many calls. */
  minimum_calls?: number | undefined;
  /** The breaker opens if this percentage of the calls in the window has failed. */
  failure_rate_threshold?: number | undefined;
  /** A call that takes longer is slow, in milliseconds; null means that no call is. */
  slow_call_ms?: number | undefined;
  /** The breaker opens if this percentage of the calls in the window was slow. */
  slow_call_rate_threshold?: number | undefined;
  /** The window over which the rates are computed, in milliseconds. */
  window_ms?: number | undefined;
  /** How long a breaker stays open before it becomes half open, in milliseconds. */
  reset_timeout_ms?: number | undefined;
  /** The longest time that a breaker stays open after repeated failures, in milliseconds. */
  max_reset_timeout_ms?: number | undefined;
  /** After each failed attempt to close, the breaker stays open longer by this factor. */
  backoff_multiplier?: number | undefined;
  /** A half-open breaker lets this many calls through, and closes if all succeed. */
  half_open_calls?: number | undefined;
  /** A call through a half-open breaker counts as failed if it takes longer, in milliseconds. */
  half_open_timeout_ms?: number | undefined;
}

/** A change of a breaker. */
export interface BreakerTransition {
  /** The state before. */
  before: "closed" | "half_open" | "open" | (string & {});
  /** The state after. */
  after: "closed" | "half_open" | "open" | (string & {});
  /**
   * The cause: calls that failed in a row, the rate of failed or of slow calls in the window, the end of the time for
   * which the breaker was open (`timer`), calls of a half-open breaker that all succeeded (`recovered`), of which one
   * failed, or of which one took too long, or an operator (`reset`).
   */
  reason:
    | "failed again"
    | "failure rate"
    | "failures in a row"
    | "not finished in time"
    | "recovered"
    | "reset"
    | "slow calls"
    | "timer"
    | (string & {});
}

/** The prices of an interval. */
export interface Candle {
  /** When the interval begins. */
  timestamp: string;
  /** The first price. */
  open: number;
  /** The highest price. */
  high: number;
  /** The lowest price. */
  low: number;
  /** The last price, or the newest if the interval is not over. */
  close: number;
}

/** Candles, oldest first; an interval without a price has no candle. */
export interface CandlePage {
  /** The candles. */
  data: Candle[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/** The wallet that wants to sign in. */
export interface ChallengeInput {
  /** The address of a Solana wallet. */
  wallet: string;
}

/** A challenge, which is valid for one sign-in. */
export interface ChallengeToSign {
  /** Identifies the challenge. */
  challengeId: string;
  /** The text that the wallet must sign exactly as it is. */
  message: string;
  /** Until when the challenge is valid. */
  expiresAt: string;
}

/** A change of a setting, with the new state. */
export interface Change {
  /** The version of the setting after the change. */
  version: number;
  /** The new value; null if the setting was deleted or is secret. */
  value: unknown;
  /** Whether the setting was deleted. */
  deleted: boolean;
  /** Whether the value is secret. */
  secret: boolean;
  /** When the setting was changed. */
  timestamp: string;
  /** The wallet of the admin who changed the setting. */
  by: string;
}

/** A check of a service. */
export interface CheckDefinition {
  /** The kind of check. */
  type: "http" | "postgres" | "redis" | "tcp" | "tls" | "websocket";
  /** The address to check. It may contain a user name and a password, and is therefore never shown. */
  url: string;
  /** The time between two checks, in milliseconds. */
  intervalMs: number;
  /** A check that takes longer has failed, in milliseconds. */
  timeoutMs?: number | undefined;
}

/** A token chosen for a portfolio. */
export interface Choice {
  /** The symbol of the token. 1 to 32 of A-Z a-z 0-9 _ $ . - */
  symbol: string;
  /** The percentage of the portfolio, a whole number from 1 to 100. */
  weight: number;
}

/** Contests. */
export interface ContestPage {
  /** The contests. */
  data: ContestView[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/**
 * The fields to change. Null clears `description`, `image_url`, `rules` and `max_participants`; for other fields, null
 * counts as absent.
 */
export interface ContestPatch {
  /** The name, a line of plain text. */
  name?: string | null | undefined;
  /** When the contest starts. ISO-8601 with an offset. */
  start_time?: string | null | undefined;
  /** When the contest ends; after the start, it can only be moved to a later time. ISO-8601 with an offset. */
  end_time?: string | null | undefined;
  /** A text about the contest, plain text. */
  description?: string | null | undefined;
  /** The contest's image. An `https:` URL. */
  image_url?: string | null | undefined;
  /** The rules, plain text. */
  rules?: string | null | undefined;
  /** The fee to enter, in `currency`. An amount with at most 9 decimals, as a string or a number. */
  entry_fee?: string | number | null | undefined;
  /** The sum that the winners share, in `currency`. An amount with at most 9 decimals, as a string or a number. */
  prize_pool?: string | number | null | undefined;
  /** The currency of the fee and the prizes. 1 to 16 characters of A-Z 0-9 */
  currency?: string | null | undefined;
  /** The shares of the prize pool by place. */
  payout?: readonly PayoutInput[] | null | undefined;
  /** With fewer participants at `start_time`, the contest is cancelled. */
  min_participants?: number | null | undefined;
  /** At most this many may enter; up to 100,000 if it is null. */
  max_participants?: number | null | undefined;
  /** The value of every portfolio at the start. */
  starting_balance?: number | null | undefined;
  /** The symbols that portfolios may contain; empty means all. */
  allowed_symbols?: readonly string[] | null | undefined;
}

/** A change of a participant's status. */
export interface EntryChange {
  /**
   * `disqualified` excludes the participant; `registered` and `active` both readmit them, and their status is then the
   * one of the two that fits the contest.
   */
  status: "active" | "disqualified" | "registered";
}

/** Entries in the order of the wallets. */
export interface EntryPage {
  /** The entries. */
  data: ListedEntry[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/** An error that a service reports. */
export interface ErrorInput {
  /** The service that reports. 1 to 64 of a-z 0-9 _ - */
  service: string;
  /** How severe the error is. */
  level: "critical" | "debug" | "error" | "info" | "warning";
  /** The error message; 4,000 characters are kept. */
  error: string;
  /** Where the error occurred; by default the service. */
  source?: string | undefined;
  /** Further facts: at most 16 KiB of JSON. */
  details?: Record<string, unknown> | undefined;
}

/** A wallet that has entered a contest. */
export interface ListedEntry {
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** When the wallet entered. */
  entryTime: string;
  /** `registered` before the start, `active` until the end, then `finished`; or `disqualified`. */
  status: "active" | "disqualified" | "finished" | "registered" | (string & {});
}

/** A mute in a list. */
export interface ListedMute {
  /** The wallet. */
  wallet: string;
  /** When the mute ends; null if it lasts until it is lifted. */
  until: string | null;
  /** The nickname; null if there is none. */
  nickname: string | null;
}

/** A stored user in a list. */
export interface ListedUser {
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** The role; null if none was ever set, in which case the role in the token applies. */
  role: "admin" | "superadmin" | "user" | (string & {}) | null;
  /** Whether the user is banned. */
  banned: boolean;
  /** When the user was first stored. */
  createdAt: string;
}

/** A wallet that may not write in a contest's chat. */
export interface Mute {
  /** The wallet. */
  wallet: string;
  /** When the mute ends; null if it lasts until it is lifted. */
  until: string | null;
}

/** The end of a mute. */
export interface MuteInput {
  /** When the mute ends: ISO-8601 with an offset. Without it, the mute lasts until it is lifted. */
  until?: string | undefined;
}

/** Mutes in the order of the wallets. */
export interface MutePage {
  /** The mutes. */
  data: ListedMute[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/** The terms of a new contest. Omitted fields get their defaults. */
export interface NewContest {
  /** The name, a line of plain text. */
  name: string;
  /** When the contest starts, in the future. ISO-8601 with an offset. */
  start_time: string;
  /** When the contest ends, after its start. ISO-8601 with an offset. */
  end_time: string;
  /** A text about the contest, plain text. */
  description?: string | undefined;
  /** The contest's image. An `https:` URL. */
  image_url?: string | undefined;
  /** The rules, plain text. */
  rules?: string | undefined;
  /** The fee to enter, in `currency`; 0 by default. An amount with at most 9 decimals, as a string or a number. */
  entry_fee?: string | number | undefined;
  /**
   * The sum that the winners share, in `currency`; 0 by default. An amount with at most 9 decimals, as a string or a
   * number.
   */
  prize_pool?: string | number | undefined;
  /** The currency of the fee and the prizes; `SOL` by default. 1 to 16 characters of A-Z 0-9 */
  currency?: string | undefined;
  /** The shares of the prize pool by place; by default 69, 20 and 11 percent for the first three places. */
  payout?: readonly PayoutInput[] | undefined;
  /** With fewer participants at `start_time`, the contest is cancelled; 1 by default. */
  min_participants?: number | undefined;
  /** At most this many may enter; up to 100,000 if it is null. */
  max_participants?: number | undefined;
  /** The value of every portfolio at the start; 1,000 by default. */
  starting_balance?: number | undefined;
  /** The symbols that portfolios may contain; empty, which is the default, means all. */
  allowed_symbols?: readonly string[] | undefined;
}

/** A token, and the user that it identifies. */
export interface NewToken {
  /** The token, a JWT. */
  token: string;
  /** Until when the token is valid. */
  expiresAt: string;
  /** The user. */
  user: User;
}

/** All nodes, sorted by role and name. */
export interface NodePage {
  /** The nodes. */
  data: NodeRecord[];
  /** How many `data` has. */
  count: number;
}

/** A process of the server. */
export interface NodeRecord {
  /** The name of the node. */
  name: string;
  /** The role; a server of one process has the role `all`. */
  role: "all" | "candidate" | "gateway" | "leader" | (string & {});
  /** The version of the program. */
  version: string;
  /** Since when the node has had its role. */
  since: string;
  /** How many connections are open. */
  connections: number;
  /**
   * The age of the oldest entry of the log that the node has not applied yet, in milliseconds: 0 if it has applied all,
   * null if that is not known.
   */
  lagMs: number | null;
  /** The term of the leader that the node follows; null without a cluster. */
  term: number | null;
}

/** A notification for `wallets` or, with `broadcast`, for everybody. */
export interface NotificationInput {
  /** The recipients; invalid wallets are skipped and counted. */
  wallets?: readonly string[] | undefined;
  /** True notifies everybody; then `wallets` must be absent. */
  broadcast?: boolean | undefined;
  /** The kind of notification. 1 to 64 of A-Z 0-9 _, such as `CONTEST_INVITE` */
  type: string;
  /** The title, plain text. */
  title: string;
  /** The text, plain text. */
  content: string;
  /** How urgent the notification is; `medium` by default. */
  priority?: "high" | "low" | "medium" | "urgent" | undefined;
  /** The page that the notification leads to. An `https:` URL, or a path that begins with one `/`. */
  link?: string | undefined;
  /** Further data for programs: at most 16 KiB of JSON. */
  data?: Record<string, unknown> | undefined;
  /** When the notification is removed: ISO-8601 with an offset. */
  expires_at?: string | undefined;
  /** A wallet receives only the first notification with a given key, so that it is safe to repeat a request. */
  dedupeKey?: string | undefined;
}

/** One operation of the service. */
export interface OperationInput {
  /** Whether the operation succeeded. */
  ok: boolean;
  /** How long it took, in milliseconds. */
  durationMs: number;
  /** The error text of a failed operation; secrets in it are removed. */
  error?: string | undefined;
}

/** The outcome of a report. */
export interface OperationsTaken {
  /** How many operations were counted. */
  accepted: number;
}

/** A user's change of their own data. */
export interface OwnChangeInput {
  /** The new nickname; null removes it. Unique without regard to case; no control or bidi characters. */
  nickname: string | null;
}

/** A contest, and the caller's row in it. */
export interface OwnContest {
  /** The contest. */
  contest: ContestView;
  /** The caller's row. */
  participant: Participant;
}

/** Contests, newest entry first. */
export interface OwnContestPage {
  /** The contests. */
  data: OwnContest[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/** The caller. */
export interface OwnUser {
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** The sum of the XP of all achievements. */
  xp: number;
  /** The level, from 1, which grows with the XP. */
  level: number;
  /** How many completed contests the user took part in. */
  contests: number;
  /** In how many of them, with at least two participants, the user was first. */
  wins: number;
  /** The achievements that the user has unlocked. */
  achievements: Achievement[];
  /** The role that applies: the stored one or, if none was ever set, that of the token. */
  role: "admin" | "superadmin" | "user" | (string & {});
}

/** A share of the prize pool. */
export interface PayoutInput {
  /** The place, from 1; each place is named at most once. */
  place: number;
  /** The percentage of the prize pool that goes to the place; all percentages sum to at most 100. */
  percent: number;
}

/** A portfolio. */
export interface PortfolioInput {
  /** 1 to 50 tokens, each once; the weights sum to 100. */
  portfolio: readonly Choice[];
}

/** The outcome of a batch. */
export interface PostResult {
  /** Rows that were used. */
  accepted: number;
  /** Rows that were not used because the symbol belongs to a feed, the market is full, or an amount is out of range. */
  dropped: number;
  /** Trades whose id was counted before. */
  duplicate: number;
}

/** The outcome of a post. */
export interface PostedNotifications {
  /** Notifications that were stored. */
  created: number;
  /** Notifications that were not stored because they already existed or their wallet was named twice. */
  duplicate: number;
  /** Invalid wallets. */
  invalid: number;
}

/** The price of a symbol. An omitted figure keeps its previous value. */
export interface PostedPrice {
  /** The symbol. 1 to 32 of A-Z a-z 0-9 _ $ . - */
  symbol: string;
  /** The price, in the quote currency. */
  price: number;
  /** The change over the last 24 hours, in percent. */
  change_24h?: number | undefined;
  /** The volume of the last 24 hours, in the quote currency. */
  volume_24h?: number | undefined;
  /** The highest price of the last 24 hours, in the quote currency. */
  high_24h?: number | undefined;
  /** The lowest price of the last 24 hours, in the quote currency. */
  low_24h?: number | undefined;
  /** The market capitalisation, in the quote currency. */
  market_cap?: number | undefined;
  /** The fully diluted value, in the quote currency. */
  fdv?: number | undefined;
  /** The liquidity, in the quote currency. */
  liquidity?: number | undefined;
  /** The platform's own time, as ISO-8601 with an offset. */
  timestamp?: string | undefined;
}

/** One trade. */
export interface PostedTrade {
  /** The symbol. 1 to 32 of A-Z a-z 0-9 _ $ . - */
  symbol: string;
  /** The price, in the quote currency. */
  price: number;
  /** How much, in units of the token. */
  quantity: number;
  /** Whether the taker bought or sold. */
  side: "buy" | "sell";
  /** The platform's own time, as ISO-8601 with an offset. */
  timestamp?: string | undefined;
  /** A trade whose id was counted before is ignored. */
  id?: string | number | undefined;
}

/** Problem details (RFC 9457): why a request was refused, and what to do. */
export interface Problem {
  /** Always `about:blank`: `code` identifies the problem. */
  type: string;
  /** The name of the status. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** A sentence that says what to do. */
  detail: string;
  /** The error code, for programs. */
  code: string;
  /** Identifies this request in the server's log, if it is logged there. */
  requestId: string;
  /** The path of the invalid field. */
  field?: string;
  /** Milliseconds after which the same request may succeed. */
  retryAfterMs?: number;
  /** Identifies a defect in the server's log. */
  errorId?: string;
}

/** The public data of a user. */
export interface PublicUser {
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** The sum of the XP of all achievements. */
  xp: number;
  /** The level, from 1, which grows with the XP. */
  level: number;
  /** How many completed contests the user took part in. */
  contests: number;
  /** In how many of them, with at least two participants, the user was first. */
  wins: number;
  /** The achievements that the user has unlocked. */
  achievements: Achievement[];
}

/** The reason for an action. */
export interface Reason {
  /** Participants see the reason for which their contest is cancelled; other reasons are only in the audit trail. */
  reason?: string | undefined;
}

/** An alert that was published on `alerts`. */
export interface RecentAlert {
  /** The name of the service. */
  service: string;
  /** When the alert was raised. */
  timestamp: string;
  /** The alert. */
  alert: Alert;
  /** The change of the breaker; null if the alert is about the health of the service. */
  transition: BreakerTransition | null;
}

/** The record that an error belongs to. */
export interface Recorded {
  /** The id of the record. */
  id: number;
  /** How many equal errors the record counts. */
  count: number;
}

/** A service outside the server. */
export interface ServiceDefinition {
  /** The server checks a `probe`; a `reported` service posts its own operations. */
  kind: "probe" | "reported";
  /** The layer that the service belongs to. 1 to 64 of a-z 0-9 _ - */
  layer: string;
  /** The name for people; by default the name of the service. */
  displayName?: string | undefined;
  /** A text about the service. */
  description?: string | undefined;
  /** The version of the service. */
  version?: string | undefined;
  /** The names of the services that this one needs. */
  dependencies?: readonly string[] | undefined;
  /** How the server checks the service; only for the kind `probe`, which needs it. */
  check?: CheckDefinition | undefined;
  /** The breaker of the service. */
  circuit_breaker?: BreakerSettings | undefined;
  /** A `reported` service is unhealthy if it posts no operations for this long, in milliseconds; 60,000 by default. */
  silentAfterMs?: number | undefined;
}

/** Services, in the order in which they were added. */
export interface ServicePage {
  /** The services. */
  data: SkyDuelService[];
  /** How many `data` has. */
  count: number;
}

/** Changes, newest first. */
export interface SettingHistory {
  /** The changes. */
  data: Change[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/** A setting, with the source of its value and, if it is one of the server's own, what the server declares of it. */
export interface SettingInForce {
  /** The key, such as `chat.max_characters`. */
  key: string;
  /** The key without the category. */
  name: string;
  /** The part of the key before the first dot; null if the key has no dot. */
  category: string | null;
  /** The value; null if it is secret. */
  value: unknown;
  /** The type of the value. */
  value_type: "boolean" | "json" | "number" | "string" | (string & {});
  /** The purpose of the setting; may be empty. */
  description: string;
  /** The clients that may see the setting: all, those with a token, or admins. */
  visibility: "admin" | "public" | "user" | (string & {});
  /** Whether the value is shown to nobody. */
  secret: boolean;
  /** Grows with each change; 0 while no value is stored. */
  version: number;
  /** When the value was stored; null while none is. */
  updatedAt: string | null;
  /** The wallet that stored the value, null while none is stored; sent only to admins. */
  updatedBy?: string | null;
  /** Where the value comes from: `stored` by an admin, the `configuration` of the server's start, or the `default`. */
  source: "configuration" | "default" | "stored" | (string & {});
  /** The default; absent if the setting is not one of the server's own, or secret. */
  default?: unknown;
  /**
   * The value in the server's environment, file or command line, which holds while none is stored; absent if it is not
   * set there, or secret.
   */
  configured?: unknown;
  /** Whether the value must be a whole number; absent unless the server declares a number. */
  integer?: boolean;
  /** The least value that is valid; absent if there is none. */
  minimum?: number;
  /** A value that valid ones are greater than; absent if there is none. */
  exclusiveMinimum?: number;
  /** The greatest value that is valid; absent if there is none. */
  maximum?: number;
}

/** The new state of a setting. Omitted fields stay as they are. */
export interface SettingInput {
  /** Any JSON of the same type as the setting's first value, within the server's limits. */
  value: unknown;
  /** A text about the setting. */
  description?: string | undefined;
  /** Those who see the setting; by default, a new setting is visible only to admins. */
  visibility?: "admin" | "public" | "user" | undefined;
  /** True hides the value from everybody; it can be set only at creation. */
  secret?: boolean | undefined;
  /** Change the setting only if this is its version or, with 0, only if it is not stored yet. */
  expectedVersion?: number | undefined;
}

/** Settings in the order of their keys. */
export interface SettingList {
  /** The settings. */
  data: SettingInForce[];
  /** How many `data` has. */
  count: number;
  /** The highest version of the settings. */
  version: number;
}

/** A price that was used at the start or the end of a contest. */
export interface SettledPrice {
  /** The symbol of the token. */
  symbol: string;
  /** The price, in the quote currency. */
  price: number;
  /** When the server received the price. */
  receivedAt: string;
}

/** The prices at the start and the end, which, with the trades, determine a result. */
export interface Settlement {
  /** The id of the contest. */
  contestId: number;
  /** The start; null if no prices were used there. */
  start: Boundary | null;
  /** The end; null if no prices were used there. */
  end: Boundary | null;
}

/** A signed challenge. */
export interface SignatureInput {
  /** The `challengeId` of the challenge. */
  challengeId: string;
  /** The address of a Solana wallet. */
  wallet: string;
  /** The Ed25519 signature of the message's UTF-8 bytes: 64 bytes in base58. */
  signature: string;
}

/** The prices of a token in the last 24 hours. */
export interface Sparkline {
  /** The symbol. */
  symbol: string;
  /** When the first quarter of an hour begins; each further price is that of the next one. */
  start: string;
  /** The price at the end of each quarter of an hour, oldest first: at most 96. The last one is the newest price. */
  prices: number[];
}

/** Sparklines in the order of the symbols. */
export interface SparklinePage {
  /** The sparklines. */
  data: Sparkline[];
  /** How many `data` has. */
  count: number;
}

/** The stored user. */
export interface StoredUser {
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** The role; null if none was ever set, in which case the role in the token applies. */
  role: "admin" | "superadmin" | "user" | (string & {}) | null;
  /** Whether the user is banned. */
  banned: boolean;
}

/** The complete metadata of a token. An omitted field comes from the token's feed, or is unknown. */
export interface TokenMetadataInput {
  /** The name of the token. */
  name: string;
  /** The address of the token on its chain. Characters of A-Z a-z 0-9 _ : . - */
  address: string;
  /** The number of decimals of the token. */
  decimals: number;
  /** The token's image. An `https:` URL. */
  image_url?: string | undefined;
  /** A text about the token, plain text. */
  description?: string | undefined;
  /** The token's colour. `#rrggbb` or `#rrggbbaa`. */
  color?: string | undefined;
  /** Links to social networks, by the network's name. */
  socials?: Record<string, string> | undefined;
  /** Other links. */
  websites?: readonly WebsiteInput[] | undefined;
  /** `inactive` tokens are no longer traded; `active` by default. */
  status?: "active" | "inactive" | undefined;
}

/** Tokens in the order of their symbols. */
export interface TokenPage {
  /** The tokens. */
  data: Token[];
  /** How many `data` has. */
  count: number;
}

/** Trades, oldest first. */
export interface TradePage {
  /** The trades. */
  data: TradeRecord[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/** A purchase or sale made by a portfolio change. */
export interface TradeRecord {
  /** The id of the trade; it grows with time. */
  id: number;
  /** When the trade was made. */
  timestamp: string;
  /** The symbol of the token. */
  symbol: string;
  /** Whether the token was bought or sold. */
  side: "buy" | "sell" | (string & {});
  /** How much, in units of the token. */
  quantity: number;
  /** The price, in the quote currency. */
  price: number;
}

/** A change to a user; omitted fields stay as they are. */
export interface UserChangeInput {
  /** The new nickname. Unique without regard to case; no control or bidi characters. */
  nickname?: string | undefined;
  /** The new role. */
  role?: "admin" | "superadmin" | "user" | undefined;
  /** Whether the user is banned. */
  banned?: boolean | undefined;
}

/** Users in the order of their wallets. */
export interface UserPage {
  /** The users. */
  data: ListedUser[];
  /** How many `data` has. */
  count: number;
  /** The `cursor` of the next page; absent on the last page. */
  nextCursor?: string;
}

/** A link of a token. */
export interface WebsiteInput {
  /** The text of the link. */
  label: string;
  /** The address. An `https:` URL. */
  url: string;
}

/** The operations of the HTTP API by name. */
export interface HttpOperations {
  /**
   * Cancel a contest.
   *
   * Nobody wins, and the chat is closed. For admins.
   */
  cancelContest: {
    method: "POST";
    path: "/api/v69/contests/{contest_id}/cancel";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: Reason | undefined;
    response: ContestView;
  };
  /**
   * Change my portfolio.
   *
   * While the contest is active, this trades at the current prices; the value of the portfolio does not change. For
   * users.
   */
  changePortfolio: {
    method: "PUT";
    path: "/api/v69/contests/{contest_id}/entries/me/portfolio";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /**
       * A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
       * hours take effect once, and get the first answer.
       */
      "Idempotency-Key"?: string | undefined;
    };
    body: PortfolioInput;
    response: Participant;
  };
  /**
   * Begin a sign-in.
   *
   * The message names a domain, so that a wallet can notice if a page of another domain asks it to sign. The domain is
   * the configured one or, if none is configured, the `Host` of the request, which must be a loopback name or belong to
   * an allowed origin.
   */
  createChallenge: {
    method: "POST";
    path: "/api/v69/auth/challenge";
    parameters: Record<string, never>;
    body: ChallengeInput;
    response: ChallengeToSign;
  };
  /**
   * Create a contest.
   *
   * The new contest is pending, and open for entries. For admins.
   */
  createContest: {
    method: "POST";
    path: "/api/v69/contests";
    parameters: {
      /**
       * A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
       * hours take effect once, and get the first answer.
       */
      "Idempotency-Key"?: string | undefined;
    };
    body: NewContest;
    response: ContestView;
  };
  /**
   * Notify users.
   *
   * The notification is stored for all recipients or for none, then pushed. For admins, and machines with the scope
   * `notifications`.
   */
  createNotifications: {
    method: "POST";
    path: "/api/v69/notifications";
    parameters: {
      /**
       * A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
       * hours take effect once, and get the first answer.
       */
      "Idempotency-Key"?: string | undefined;
    };
    body: NotificationInput;
    response: PostedNotifications;
  };
  /**
   * Delete a chat message.
   *
   * The text is removed from the store and from the channel's history, and clients that received it are notified. For
   * admins.
   */
  deleteChatMessage: {
    method: "DELETE";
    path: "/api/v69/contests/{contest_id}/chat/{message_id}";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** The id of a message. */
      message_id: number;
    };
    body: undefined;
    response: undefined;
  };
  /**
   * Lift a mute.
   *
   * Does nothing if the wallet is not muted. For admins.
   */
  deleteMute: {
    method: "DELETE";
    path: "/api/v69/contests/{contest_id}/mutes/{wallet}";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** A wallet; upper and lower case matter. */
      wallet: string;
    };
    body: undefined;
    response: undefined;
  };
  /**
   * Remove a notification.
   *
   * Users may remove their own notifications, and admins those of everybody.
   */
  deleteNotification: {
    method: "DELETE";
    path: "/api/v69/notifications/{notification_id}";
    parameters: {
      /** The id of a notification. */
      notification_id: number;
    };
    body: undefined;
    response: undefined;
  };
  /**
   * Remove a service.
   *
   * A service cannot be removed while other services depend on it. For admins.
   */
  deleteService: {
    method: "DELETE";
    path: "/api/v69/services/{name}";
    parameters: {
      /** The name of a service: 1 to 64 of a-z 0-9 _ -. */
      name: string;
    };
    body: undefined;
    response: undefined;
  };
  /**
   * Delete a setting.
   *
   * A setting of the server returns to its configured or default value; any other setting disappears. For admins.
   */
  deleteSetting: {
    method: "DELETE";
    path: "/api/v69/settings/{key}";
    parameters: {
      /** The key of a setting: 1 to 128 of a-z 0-9 _ . -. */
      key: string;
      /** Delete the setting only if this is its version. */
      expectedVersion?: number | undefined;
    };
    body: undefined;
    response: undefined;
  };
  /**
   * End a contest now.
   *
   * The contest ends with the current prices. For admins.
   */
  endContest: {
    method: "POST";
    path: "/api/v69/contests/{contest_id}/end";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: Reason | undefined;
    response: ContestView;
  };
  /**
   * Enter a contest.
   *
   * Users can enter while the contest is pending.
   */
  enterContest: {
    method: "POST";
    path: "/api/v69/contests/{contest_id}/entries";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: PortfolioInput;
    response: Participant;
  };
  /**
   * One contest.
   *
   * Admins also see who created the contest, and who is muted.
   */
  getContest: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: undefined;
    response: ContestView;
  };
  /**
   * One participant.
   *
   * `me` is the caller. After the contest is completed, everybody may see every participant; before that, only admins
   * may see others.
   */
  getEntry: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}/entries/{wallet}";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** A wallet; upper and lower case matter. */
      wallet: string;
    };
    body: undefined;
    response: Participant;
  };
  /**
   * The leaderboard of a contest.
   *
   * While the contest is active, the leaderboard is served from memory.
   */
  getLeaderboard: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}/leaderboard";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** At most this many rows. */
      limit?: number | undefined;
      /** Skip this many rows. */
      offset?: number | undefined;
      /** Return the rows around this wallet. */
      around?: string | undefined;
    };
    body: undefined;
    response: Leaderboard;
  };
  /**
   * The caller.
   *
   * The public data of the caller, and their role. For users.
   */
  getMe: {
    method: "GET";
    path: "/api/v69/users/me";
    parameters: Record<string, never>;
    body: undefined;
    response: OwnUser;
  };
  /**
   * One participant.
   *
   * `me` is the caller. After the contest is completed, everybody may see every participant; before that, only admins
   * may see others.
   */
  getMyEntry: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}/entries/me";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: undefined;
    response: Participant;
  };
  /**
   * One service.
   *
   * The service as it is now. For admins.
   */
  getService: {
    method: "GET";
    path: "/api/v69/services/{name}";
    parameters: {
      /** The name of a service: 1 to 64 of a-z 0-9 _ -. */
      name: string;
    };
    body: undefined;
    response: SkyDuelService;
  };
  /**
   * One setting.
   *
   * The setting in force now. For admins.
   */
  getSetting: {
    method: "GET";
    path: "/api/v69/settings/{key}";
    parameters: {
      /** The key of a setting: 1 to 128 of a-z 0-9 _ . -. */
      key: string;
    };
    body: undefined;
    response: SettingInForce;
  };
  /**
   * The history of a setting.
   *
   * Every version of the setting, newest first, even if the setting was deleted. For admins.
   */
  getSettingHistory: {
    method: "GET";
    path: "/api/v69/settings/{key}/history";
    parameters: {
      /** The key of a setting: 1 to 128 of a-z 0-9 _ . -. */
      key: string;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: SettingHistory;
  };
  /**
   * The prices that a contest was settled with.
   *
   * The prices at the start and at the end of the contest, and when each was received. `start` is null until the
   * contest has started, and `end` until it has ended.
   */
  getSettlement: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}/settlement";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: undefined;
    response: Settlement;
  };
  /**
   * One token.
   *
   * The token with its market fields; null means unknown.
   */
  getToken: {
    method: "GET";
    path: "/api/v69/tokens/{symbol}";
    parameters: {
      /** A symbol, in upper or lower case. */
      symbol: string;
    };
    body: undefined;
    response: Token;
  };
  /**
   * Candles of a token.
   *
   * The open, high, low and close price of each `interval` that begins within the time span.
   */
  getTokenHistory: {
    method: "GET";
    path: "/api/v69/tokens/{symbol}/history";
    parameters: {
      /** A symbol, in upper or lower case. */
      symbol: string;
      /** From this time on: ISO-8601 with an offset; by default 24 hours before the end. */
      from?: string | undefined;
      /** Before this time: ISO-8601 with an offset. */
      to?: string | undefined;
      /** The length of a candle. */
      interval?: "1m" | "5m" | "15m" | "1h" | "4h" | "1d" | undefined;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: CandlePage;
  };
  /**
   * One user.
   *
   * The public data of a user.
   */
  getUser: {
    method: "GET";
    path: "/api/v69/users/{wallet}";
    parameters: {
      /** A wallet; upper and lower case matter. */
      wallet: string;
    };
    body: undefined;
    response: PublicUser;
  };
  /**
   * Recent alerts.
   *
   * The last 200 alerts, or those of one service, which include the transitions of its breaker. They are kept in
   * memory: they begin anew when the server, or another leader, starts. For admins.
   */
  listAlerts: {
    method: "GET";
    path: "/api/v69/alerts";
    parameters: {
      /** The last 50 alerts of this service. */
      service?: string | undefined;
    };
    body: undefined;
    response: AlertList;
  };
  /**
   * Privileged actions.
   *
   * The matching entries, newest first. For admins.
   */
  listAuditEntries: {
    method: "GET";
    path: "/api/v69/audit";
    parameters: {
      /** Actions of this wallet. */
      wallet?: string | undefined;
      /** Actions of this kind, such as `users.put`. */
      action?: string | undefined;
      /** Actions on this target: a wallet, a symbol or an id. */
      target?: string | undefined;
      /** From this time on: ISO-8601 with an offset. */
      from?: string | undefined;
      /** Before this time: ISO-8601 with an offset. */
      to?: string | undefined;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: AuditPage;
  };
  /**
   * Contests.
   *
   * Pending and active contests, newest start first, then those that ended within the last day, also newest start
   * first.
   */
  listContests: {
    method: "GET";
    path: "/api/v69/contests";
    parameters: {
      /** All contests with this status, instead of the default list. */
      status?: "pending" | "active" | "completed" | "cancelled" | undefined;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: ContestPage;
  };
  /**
   * The entries of a contest.
   *
   * The wallets that have entered, in their order, whatever the status of the contest. Only admins see those that are
   * disqualified.
   */
  listEntries: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}/entries";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** Only the disqualified or, if false, only the others. For admins. */
      disqualified?: boolean | undefined;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: EntryPage;
  };
  /**
   * The mutes in a contest's chat.
   *
   * The wallets that are muted now, in their order, and until when. For admins.
   */
  listMutes: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}/mutes";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: MutePage;
  };
  /**
   * My contests.
   *
   * The contests that the caller entered, newest entry first, with the caller's row in each. For users.
   */
  listMyContests: {
    method: "GET";
    path: "/api/v69/users/me/contests";
    parameters: {
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: OwnContestPage;
  };
  /**
   * The trades of a participant.
   *
   * `me` is the caller. After the contest is completed, everybody may see all trades; before that, only admins may see
   * those of others.
   */
  listMyTrades: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}/entries/me/trades";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: TradePage;
  };
  /**
   * All nodes.
   *
   * A server of one process has one node, with the role `all`. For admins.
   */
  listNodes: {
    method: "GET";
    path: "/api/v69/nodes";
    parameters: Record<string, never>;
    body: undefined;
    response: NodePage;
  };
  /**
   * All services.
   *
   * The server's own services, and those outside it. For admins.
   */
  listServices: {
    method: "GET";
    path: "/api/v69/services";
    parameters: Record<string, never>;
    body: undefined;
    response: ServicePage;
  };
  /**
   * All settings.
   *
   * All settings: those of the server, and those that admins have created. For admins.
   */
  listSettings: {
    method: "GET";
    path: "/api/v69/settings";
    parameters: Record<string, never>;
    body: undefined;
    response: SettingList;
  };
  /**
   * Sparklines of tokens.
   *
   * The price of each token every quarter of an hour, in the last 24 hours. Unknown tokens, and tokens that never had a
   * price, are left out.
   */
  listSparklines: {
    method: "GET";
    path: "/api/v69/tokens/sparklines";
    parameters: {
      /** The symbols of 1 to 100 tokens, with commas between them, such as `BTC,SOL`. */
      symbols: string;
    };
    body: undefined;
    response: SparklinePage;
  };
  /**
   * All tokens.
   *
   * Every known token, active or not, with its market fields.
   */
  listTokens: {
    method: "GET";
    path: "/api/v69/tokens";
    parameters: Record<string, never>;
    body: undefined;
    response: TokenPage;
  };
  /**
   * The trades of a participant.
   *
   * `me` is the caller. After the contest is completed, everybody may see all trades; before that, only admins may see
   * those of others.
   */
  listTrades: {
    method: "GET";
    path: "/api/v69/contests/{contest_id}/entries/{wallet}/trades";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** A wallet; upper and lower case matter. */
      wallet: string;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: TradePage;
  };
  /**
   * Stored users.
   *
   * The users whose nickname, role or ban was ever set, in the order of their wallets. Other wallets have only what
   * their tokens claim. For admins.
   */
  listUsers: {
    method: "GET";
    path: "/api/v69/users";
    parameters: {
      /** Users whose wallet or nickname begins with this; case matters only in wallets. */
      search?: string | undefined;
      /** Users with this stored role. */
      role?: "user" | "admin" | "superadmin" | undefined;
      /** Users who are banned, or who are not. */
      banned?: boolean | undefined;
      /** At most this many. */
      limit?: number | undefined;
      /** The `nextCursor` of the previous page. */
      cursor?: string | undefined;
    };
    body: undefined;
    response: UserPage;
  };
  /**
   * Sign out.
   *
   * All tokens of the same sign-in become invalid at once; open connections end as if the token had expired.
   */
  logout: {
    method: "POST";
    path: "/api/v69/auth/logout";
    parameters: Record<string, never>;
    body: undefined;
    response: undefined;
  };
  /**
   * Report an error.
   *
   * For admins, and machines with the scope `errors`. Tokens, passwords and addresses are removed from the texts. Equal
   * errors within 10 seconds become one record.
   */
  postError: {
    method: "POST";
    path: "/api/v69/errors";
    parameters: {
      /**
       * A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
       * hours take effect once, and get the first answer.
       */
      "Idempotency-Key"?: string | undefined;
    };
    body: ErrorInput;
    response: Recorded;
  };
  /**
   * Report operations.
   *
   * This is possible only for services of the kind `reported`. Needs the database only with an `Idempotency-Key`. For
   * admins, and machines with the scope `operations`.
   */
  postOperations: {
    method: "POST";
    path: "/api/v69/services/{name}/operations";
    parameters: {
      /** The name of a service: 1 to 64 of a-z 0-9 _ -. */
      name: string;
      /**
       * A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
       * hours take effect once, and get the first answer.
       */
      "Idempotency-Key"?: string | undefined;
    };
    body: readonly OperationInput[];
    response: OperationsTaken;
  };
  /**
   * Post prices.
   *
   * For admins, and machines with the scope `prices`. A price of an unknown symbol adds the token.
   */
  postPrices: {
    method: "POST";
    path: "/api/v69/tokens/prices";
    parameters: Record<string, never>;
    body: readonly PostedPrice[];
    response: PostResult;
  };
  /**
   * Post trades.
   *
   * For admins, and machines with the scope `prices`. A trade whose id was posted before counts as a duplicate.
   */
  postTrades: {
    method: "POST";
    path: "/api/v69/tokens/trades";
    parameters: {
      /**
       * A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
       * hours take effect once, and get the first answer.
       */
      "Idempotency-Key"?: string | undefined;
    };
    body: readonly PostedTrade[];
    response: PostResult;
  };
  /**
   * Mute a wallet in a contest's chat.
   *
   * A later mute replaces an earlier one. For admins.
   */
  putMute: {
    method: "PUT";
    path: "/api/v69/contests/{contest_id}/mutes/{wallet}";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** A wallet; upper and lower case matter. */
      wallet: string;
    };
    body: MuteInput | undefined;
    response: Mute;
  };
  /**
   * Add or change a service.
   *
   * This resets the figures and the breaker of the service. The server's own services and those of the configuration
   * file cannot be changed. For admins.
   */
  putService: {
    method: "PUT";
    path: "/api/v69/services/{name}";
    parameters: {
      /** The name of a service: 1 to 64 of a-z 0-9 _ -. */
      name: string;
    };
    body: ServiceDefinition;
    response: SkyDuelService;
  };
  /**
   * Change a setting, or create it.
   *
   * The change takes effect without a restart, and is pushed to followers. Setting an equal value is a change too. A
   * refusal with `VERSION_CONFLICT` contains the current setting in `current`. For admins.
   */
  putSetting: {
    method: "PUT";
    path: "/api/v69/settings/{key}";
    parameters: {
      /** The key of a setting: 1 to 128 of a-z 0-9 _ . -. */
      key: string;
    };
    body: SettingInput;
    response: SettingInForce;
  };
  /**
   * Set a token's metadata.
   *
   * An unknown token is added. The metadata is pushed to everybody who follows the token.
   */
  putToken: {
    method: "PUT";
    path: "/api/v69/tokens/{symbol}";
    parameters: {
      /** A symbol, in upper or lower case. */
      symbol: string;
    };
    body: TokenMetadataInput;
    response: Token;
  };
  /**
   * Set a user's nickname, role or ban.
   *
   * An unknown user is added. The change takes effect on open connections at once. For admins; only superadmins may set
   * roles above `user`, or ban admins. Nobody can change their own role or ban, and the last superadmin keeps the role.
   */
  putUser: {
    method: "PUT";
    path: "/api/v69/users/{wallet}";
    parameters: {
      /** A wallet; upper and lower case matter. */
      wallet: string;
    };
    body: UserChangeInput;
    response: StoredUser;
  };
  /**
   * Stay signed in.
   *
   * This is possible for seven days after the sign-in. The previous token stays valid until it expires.
   */
  refreshToken: {
    method: "POST";
    path: "/api/v69/auth/refresh";
    parameters: Record<string, never>;
    body: undefined;
    response: NewToken;
  };
  /**
   * Start a contest now.
   *
   * The contest starts with the current prices, even with fewer participants than `min_participants`. For admins.
   */
  startContest: {
    method: "POST";
    path: "/api/v69/contests/{contest_id}/start";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: Reason | undefined;
    response: ContestView;
  };
  /**
   * Edit a contest.
   *
   * While the contest is pending, every field may change, but `starting_balance` and `allowed_symbols` only if nobody
   * has entered. After the start, only `name`, `description` and `image_url` may change, and `end_time` may be set to a
   * later time. For admins.
   */
  updateContest: {
    method: "PATCH";
    path: "/api/v69/contests/{contest_id}";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: ContestPatch;
    response: ContestView;
  };
  /**
   * Disqualify or readmit a participant.
   *
   * A disqualified participant loses their rank at once. This is possible while the contest is pending or active. For
   * admins.
   */
  updateEntry: {
    method: "PATCH";
    path: "/api/v69/contests/{contest_id}/entries/{wallet}";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
      /** A wallet; upper and lower case matter. */
      wallet: string;
    };
    body: EntryChange;
    response: Participant;
  };
  /**
   * Change my nickname.
   *
   * The change takes effect on open connections of the caller at once. For users.
   */
  updateMe: {
    method: "PATCH";
    path: "/api/v69/users/me";
    parameters: Record<string, never>;
    body: OwnChangeInput;
    response: OwnUser;
  };
  /**
   * Sign in.
   *
   * Each challenge can be used only once.
   */
  verifyChallenge: {
    method: "POST";
    path: "/api/v69/auth/verify";
    parameters: Record<string, never>;
    body: SignatureInput;
    response: NewToken;
  };
  /**
   * Withdraw from a contest.
   *
   * Users can withdraw while the contest is pending.
   */
  withdrawFromContest: {
    method: "DELETE";
    path: "/api/v69/contests/{contest_id}/entries/me";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: undefined;
    response: undefined;
  };
}
