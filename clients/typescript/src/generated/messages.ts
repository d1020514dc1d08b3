// The messages of the endpoints. Written by `make docs` from the AsyncAPI document; do not edit.

/** An active wallet. */
export interface ActiveUser {
  /** The wallet. */
  wallet_address: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** `user`, `admin` or `superadmin`. */
  role: string;
  /** The most recent zone that the wallet named on any of its open connections; null if it named none. */
  zone: string | null;
  /** When the wallet last sent a message or connected, in epoch milliseconds. */
  lastActivityMs: number;
  /** When the wallet's oldest open connection began, in epoch milliseconds. */
  connectedAtMs: number;
  /** How many connections the wallet has open. */
  connections: number;
  /** The names of the endpoints that it is connected to. */
  endpoints: string[];
}

/** A change of a breaker or of the health of a service, published once. */
export interface Alert {
  /** The id of the alert. */
  id: string;
  /** The kind of change. */
  type: "circuit_closed" | "circuit_half_open" | "circuit_open" | "health_failed" | "health_recovered" | (string & {});
  /** How bad that is. */
  severity: "critical" | "info" | "warning" | (string & {});
  /** A sentence about it. */
  message: string;
}

/** The breaker of a service. */
export interface BreakerRecord {
  /**
   * `degraded` is closed after a failed call, `initializing` is without a call so far, and a service without a breaker
   * is `disabled`.
   */
  status: "closed" | "degraded" | "disabled" | "half_open" | "initializing" | "open" | (string & {});
  /** Whether the breaker refuses every call. */
  is_open: boolean;
  /** A sentence about `status`. */
  details: string;
  /** How many calls failed in a row. */
  failures: number;
  /** The percentage of failed calls in the window; null without calls. */
  failure_rate: number | null;
  /** When a call last failed; null if none did. */
  last_failure: string | null;
  /** When a call last succeeded; null if none did. */
  last_success: string | null;
  /** When the breaker opened; null unless it is open. */
  opened_at: string | null;
  /** When the breaker will be half-open; null unless it is open. */
  next_attempt_at: string | null;
  /** How many half-open periods failed since the breaker was last closed. */
  recovery_attempts: number;
  /** When the breaker was last closed by hand; null if it never was. */
  last_reset: string | null;
}

/** The breaker of a service, in short. */
export interface BreakerSummary {
  /**
   * `degraded` is closed after a failed call, `initializing` is without a call so far, and a service without a breaker
   * is `disabled`.
   */
  status: "closed" | "degraded" | "disabled" | "half_open" | "initializing" | "open" | (string & {});
  /** Whether the breaker refuses every call. */
  is_open: boolean;
}

/** Calls of a service since the start. */
export interface CallCounts {
  /** How many calls were made. */
  total: number;
  /** How many of them succeeded. */
  successful: number;
  /** How many of them failed. */
  failed: number;
  /** How many calls the breaker refused; `total` does not include them. */
  rejected: number;
}

/** A channel, and the position to resume from. */
export interface ChannelSince {
  /** The channel to follow. A channel or group name. */
  channel: string;
  /** The position to resume from; without it, the channel begins with its snapshot. */
  since?: Since | undefined;
}

/** The targets that may be followed. */
export interface Channels {
  /** The name of the group of all services. */
  all: string;
  /** The names of the layers. */
  layers: string[];
  /** The names of the services. */
  services: string[];
}

/** A stored message. */
export interface ChatMessageRecord {
  /** The id of the message; later messages of the contest have greater ids. */
  id: number;
  /** The id of the contest. */
  contestId: number;
  /** The author. */
  sender: Sender;
  /** Plain text; clients must escape it. */
  text: string;
  /** When the message was stored. */
  timestamp: string;
  /** Whether an admin wrote the message. */
  isAdmin: boolean;
  /** The id that the sender gave the message, a UUID; absent if it gave none. */
  messageId?: string;
}

/** The rights of this connection. */
export interface CircuitBreakerCapabilities {
  /** Whether it may follow services. */
  subscribe: boolean;
  /** Whether it may have services checked. */
  healthCheck: boolean;
  /** Whether it may close breakers. */
  resetCircuitBreaker: boolean;
  /** Whether it has the rights of an admin. */
  adminAccess: boolean;
}

/** Open connections. */
export interface ConnectionCounts {
  /** All of them. */
  total: number;
  /** Those of admins. */
  admin: number;
  /** Those of users. */
  user: number;
  /** Those without a token. */
  anonymous: number;
  /** Those of each endpoint, by its name. */
  byEndpoint: Record<string, number>;
}

/** The rights of this connection. */
export interface ContestCapabilities {
  /** Whether it may read contests. */
  contests: boolean;
  /** Whether it may write in the chat. */
  chat: boolean;
  /** Whether it may read leaderboards. */
  leaderboard: boolean;
  /** Whether it may follow the row of its own wallet. */
  participant: boolean;
  /** Whether it has the rights of an admin. */
  admin: boolean;
}

/** A contest. */
export interface ContestView {
  /** The id of the contest. */
  id: number;
  /** A code for people: 8 characters of A-Z 2-9. */
  contest_code: string;
  /** The name, at most 100 characters of plain text. */
  name: string;
  /** A text about the contest, plain text; null if there is none. */
  description: string | null;
  /** An `https:` URL of the contest's image; null if there is none. */
  image_url: string | null;
  /** When the contest starts. */
  start_time: string;
  /** When the contest ends. */
  end_time: string;
  /** `pending` before the start, `active` until the end, then `completed`; or `cancelled`. */
  status: "active" | "cancelled" | "completed" | "pending" | (string & {});
  /** The fee to enter, a decimal number in `currency` with at most 9 decimals. */
  entry_fee: string;
  /** The sum that the winners share, a decimal number in `currency` with at most 9 decimals. */
  prize_pool: string;
  /** The currency of the fee and the prizes, such as `SOL`. */
  currency: string;
  /** The shares of the prize pool by place. */
  payout: Payout[];
  /** With fewer participants at `start_time`, the contest is cancelled. */
  min_participants: number;
  /** The largest number of participants; null means no limit. */
  max_participants: number | null;
  /** The value of every portfolio at the start, in the unit in which all values of the contest are given. */
  starting_balance: number;
  /** The symbols that portfolios may contain; empty means all. */
  allowed_symbols: string[];
  /** The rules, plain text; null if there are none. */
  rules: string | null;
  /** How many participants there are, without disqualified ones. */
  participantCount: number;
  /** How many spectators are in the room. */
  spectatorCount: number;
  /** Whether at least one visible admin is in the room. */
  hasAdminPresence: boolean;
  /** Why the contest was cancelled; null unless it was. */
  cancellation_reason: string | null;
  /** When the contest last changed. */
  updated_at: string;
  /** The wallet of the admin who created the contest; sent only to admins. */
  created_by?: string;
  /** When the contest was created; sent only to admins. */
  created_at?: string;
  /** The wallets that may not write in the chat; sent only to admins. */
  muted?: string[];
}

/** Equal errors of a service that occurred within 10 seconds. Secrets are removed from the texts. */
export interface ErrorRecord {
  /** The id of the record. */
  id: number;
  /** The name of the service. */
  service: string;
  /** The part of the service that failed; the service itself if it named none. */
  source: string;
  /** How bad the error is. */
  level: "critical" | "debug" | "error" | "info" | "warning" | (string & {});
  /** What happened. */
  error: string;
  /** When the first of the errors occurred. */
  timestamp: string;
  /** Further facts, as the service reported them. */
  details: Record<string, unknown>;
  /** How many equal errors the record stands for. */
  count: number;
}

/** How often an event was received. */
export interface EventCount {
  /** The name of the event. */
  event: string;
  /** How often it was received. */
  count: number;
}

/** Events of clients since the start. */
export interface EventCounts {
  /** How many were received. */
  received: number;
  /** How many of them were stored. */
  stored: number;
}

/** A stored event. */
export interface EventRecord {
  /** The wallet that sent the event. */
  wallet: string;
  /** The name of the event. */
  event: string;
  /** When the event was received. */
  timestamp: string;
}

/** An event to track. */
export interface GivenEvent {
  /** The name of the event. 1 to 64 of A-Z a-z 0-9 _ . : - */
  event: string;
  /** Facts about the event, at most 16 KiB of JSON. */
  data?: Record<string, unknown> | undefined;
  /** The id of the event; each is stored only once per wallet. Without it, the server makes one. A UUID. */
  eventId?: string | undefined;
  /**
   * When the event happened: ISO-8601 with an offset, at most 24 h ago and at most 5 min ahead; for clients that were
   * offline.
   */
  occurredAt?: string | undefined;
}

/** A token in a portfolio. */
export interface Holding {
  /** The symbol of the token. */
  symbol: string;
  /** The weight last chosen, in percent; the weights of a portfolio sum to 100. */
  weight: number;
  /** How much of the token the portfolio has; null before the start. */
  quantity: number | null;
  /** The price of the token; null before the start, and if it is unknown. */
  price: number | null;
  /** `quantity` × `price`, in the unit of the starting balance; null if either is null. */
  value: number | null;
}

/** A service in its layer. */
export interface LayerMember {
  /** The name of the service. */
  service: string;
  /** The state of the service. */
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  /** The breaker of the service. */
  circuit_breaker: BreakerSummary;
}

/** A page of a leaderboard. */
export interface Leaderboard {
  /** The id of the contest. */
  contestId: number;
  /** The rows of the page, best rank first. */
  entries: LeaderboardRow[];
  /** How many rows come before the page. */
  offset: number;
  /** How many rows the page has at most. */
  limit: number;
  /** How many rows the leaderboard has. */
  total: number;
  /** Grows with each ranking, so that the newer of two pages is the one with the greater version. */
  version: number;
  /** When the ranking was made. */
  updatedAt: string;
}

/** A participant in a leaderboard. */
export interface LeaderboardRow {
  /** The rank, from 1; equal values share a rank. */
  rank: number;
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** The value of the portfolio, in the unit of the starting balance. */
  value: number;
  /** The return since the start in percent, with two decimals. */
  returnPct: number;
  /**
   * The rank at the last full minute − the rank now, so that rising is positive; 0 for new rows and until the first
   * full minute.
   */
  rankChange: number;
  /** When the wallet entered. */
  entryTime: string;
}

/** The limits of a connection. */
export interface Limits {
  /** The size of the largest message that the client may send, in bytes after inflating. */
  maxMessageBytes: number;
  /**
   * How many messages a minute the wallet may send over all its connections to this endpoint, or the connection if it
   * is anonymous; null means no limit.
   */
  messagesPerMinute: number | null;
  /**
   * How many channels the connection may follow; a group counts as one, and those joined by connecting do not count.
   * Null means no limit.
   */
  maxSubscriptions: number | null;
}

/** The state of maintenance. */
export interface MaintenanceRecord {
  /** Whether the server is under maintenance. */
  mode: boolean;
  /** A text for users; null if there is none. */
  message: string | null;
  /** When the state last changed; null if it never did. */
  updated_at: string | null;
  /** When maintenance ends by itself; absent if it does not, and outside maintenance. */
  until?: string;
  /** The wallet of the admin who last changed the state, null if nobody did; only in replies to admins. */
  updated_by?: string | null;
}

/** Messages from and to clients. */
export interface MessageCounts {
  /** How many came from clients since the start. */
  received: number;
  /** How many went to clients since the start. */
  sent: number;
  /** How many came from clients per second, over the last few seconds. */
  perSecondIn: number;
  /** How many went to clients per second, over the last few seconds. */
  perSecondOut: number;
}

/** The value of a metric, with the newest events if the metric is `event`. */
export interface MetricData {
  /** The value; null if it is not known. */
  value: number | null;
  /** When the value was determined. */
  timestamp: string;
  /** The newest of the events that `value` counts, at most 50; present only for the metric `event`. */
  events?: EventRecord[];
  /** How many more events `value` counts; present only for the metric `event`. */
  skipped?: number;
}

/** The rights of this connection. */
export interface MonitorCapabilities {
  /** Whether it may read the status of the server. */
  status: boolean;
  /** Whether it may read the state of maintenance. */
  maintenance: boolean;
  /** Whether it may read settings other than the background scene. */
  settings: boolean;
  /** Whether it may read the health of services. */
  services: boolean;
  /** Whether it may read errors. */
  errors: boolean;
}

/** A service in the list of all services. */
export interface NamedHealth {
  /** The state of the service, as in ServiceState. */
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  /** Figures of the service by name; null if a figure is unknown. */
  metrics: Record<string, number | null>;
  /** When the state last changed. */
  updated_at: string;
  /** The name of the service. */
  name: string;
}

/** A notification. */
export interface Notification {
  /** The id of the notification. */
  id: number;
  /** The kind of notification, such as `CONTEST_RESULT`: 1 to 64 of A-Z 0-9 _. */
  type: string;
  /** The title, plain text. */
  title: string;
  /** The text, plain text. */
  content: string;
  /** How urgent it is. */
  priority: "high" | "low" | "medium" | "urgent" | (string & {});
  /** Where it leads: an `https:` URL, or a path that begins with one `/`; null if it leads nowhere. */
  link: string | null;
  /** Facts of this type of notification, such as the `contestId`. */
  data: Record<string, unknown>;
  /** When the notification was stored. */
  timestamp: string;
  /** Whether it is marked as read; always false for announcements. */
  read: boolean;
  /** When it was marked as read; null if it is unread. */
  read_at: string | null;
  /** When it will be removed; null if it will not. */
  expires_at: string | null;
}

/** The rights of this connection. */
export interface NotificationsCapabilities {
  /** Whether it has notifications of its own. */
  inbox: boolean;
  /** Whether it is sent announcements. */
  announcements: boolean;
}

/** The outcome of a command. */
export interface Outcome {
  /** Whether the command succeeded. */
  success: boolean;
  /** A sentence about the outcome. */
  message: string;
  /** Further results; absent if there are none. */
  data?: Record<string, unknown>;
}

/** A wallet in a contest. If the wallet has not entered, only `isParticipant` and `walletAddress` are present. */
export interface Participant {
  /** Whether the wallet has entered the contest. */
  isParticipant: boolean;
  /** The wallet. */
  walletAddress: string;
  /** The nickname; null if there is none. */
  nickname?: string | null;
  /** `registered` before the start, `active` until the end, then `finished`; or `disqualified`. */
  status?: "active" | "disqualified" | "finished" | "registered" | (string & {});
  /** When the wallet entered. */
  entryTime?: string;
  /** The value of the portfolio at the start. */
  initialBalance?: number;
  /** The value of the portfolio now, or at the end. */
  portfolioValue?: number;
  /** (`portfolioValue` − `initialBalance`) / `initialBalance` in percent, with two decimals. */
  returnPct?: number;
  /** The rank, from 1; equal values share a rank. Null if the participant is disqualified. */
  rank?: number | null;
  /** How many participants are ranked. */
  totalParticipants?: number;
  /** The tokens of the portfolio; until the contest is completed, sent only to its owner and to admins. */
  portfolio?: Holding[];
  /** The prize, a decimal number in the contest's currency; present once the contest is completed, if there is one. */
  prize?: string;
  /** The rank at the end; present once the contest is completed, unless the participant is disqualified. */
  finalRank?: number;
}

/** A share of the prize pool. */
export interface Payout {
  /** The place, from 1. */
  place: number;
  /** The percentage of the prize pool that goes to the place; all of them sum to at most 100. */
  percent: number;
}

/** How long calls of a service took. */
export interface Performance {
  /** The average in milliseconds; null without calls. */
  averageOperationTimeMs: number | null;
  /** The duration of the last call in milliseconds; null without calls. */
  lastOperationTimeMs: number | null;
  /** The 95th percentile in milliseconds; null without calls. */
  p95OperationTimeMs: number | null;
}

/** The price of a symbol, with figures of the past 24 hours. */
export interface Price {
  /** The symbol, such as `SOL`. */
  symbol: string;
  /** The price in the quote currency. */
  price: number;
  /** The change over 24 hours, in percent; null if unknown. */
  change_24h: number | null;
  /** The volume of 24 hours in the quote currency; null if unknown. */
  volume_24h: number | null;
  /** The highest price of 24 hours; null if unknown. */
  high_24h: number | null;
  /** The lowest price of 24 hours; null if unknown. */
  low_24h: number | null;
  /** The venue's time of the price; the time of receipt if the venue gives none. */
  timestamp: string;
  /** Where the price comes from: the name of a feed, or `http` for a posted price. */
  source: string;
  /** Whether the feed, or the symbol itself, has been silent for longer than the settings allow. */
  stale: boolean;
}

/** The server process. */
export interface ProcessFigures {
  /** The use of the processor over the last few seconds, in percent of one core. */
  cpuPercent: number;
  /** The resident memory in bytes. */
  memoryBytes: number;
  /** The most recent delay of the event loop, in milliseconds. */
  eventLoopLagMs: number;
}

/** A user in the list of a room's members. */
export interface RoomMember {
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** The role in the room; `admin` comes before `participant` and `spectator`. */
  role: "admin" | "participant" | "spectator" | (string & {});
}

/** A user in a room. */
export interface RoomUser {
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
}

/** The author of a message, as of the time of writing. */
export interface Sender {
  /** The wallet. */
  wallet: string;
  /** The nickname; null if there was none. */
  nickname: string | null;
  /** `user`, `admin` or `superadmin`. */
  role: string;
}

/** The balance of buying and selling over the past 15 minutes. */
export interface Sentiment {
  /** The symbol, such as `SOL`. */
  symbol: string;
  /** `buy_pressure` − `sell_pressure`, from −1 to 1; 0 without trades. */
  sentiment_score: number;
  /** The buy volume divided by the volume, from 0 to 1; 0 without trades. */
  buy_pressure: number;
  /** The sell volume divided by the volume, from 0 to 1; 0 without trades. */
  sell_pressure: number;
  /** How the volume compares with that of the 15 minutes before; `stable` is within ±10 %. */
  volume_trend: "decreasing" | "increasing" | "stable" | (string & {});
  /** When the sentiment was computed. */
  timestamp: string;
}

/** Figures of the server. */
export interface ServerStats {
  /** When the server was started, in epoch milliseconds. */
  startTimeMs: number;
  /** How long it has been running, in milliseconds. */
  uptimeMs: number;
  /** The open connections. */
  connections: ConnectionCounts;
  /** Messages from and to clients. */
  messages: MessageCounts;
  /** Events of clients. */
  events: EventCounts;
  /** How many users are active. */
  activeUsers: number;
  /** The server process. */
  process: ProcessFigures;
  /** How many nodes serve clients. */
  nodes: number;
}

/** The server as a whole. */
export interface ServerStatus {
  /** `degraded` if a service does not work or the server is not ready. */
  status: "degraded" | "maintenance" | "online" | (string & {});
  /** A sentence about the status. */
  message: string;
  /** When the status was determined. */
  timestamp: string;
  /** The version of the server; only for clients with a token. */
  version?: string;
  /** How long the server has been running, in seconds; only for clients with a token. */
  uptime_seconds?: number;
  /** How many connections are open; only for clients with a token. */
  connections?: number;
  /** The names of the services that do not work; only for clients with a token. */
  affected?: string[];
}

/** A service, as shown on the endpoint `monitor`. */
export interface ServiceHealth {
  /** The state of the service, as in ServiceState. */
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  /** Figures of the service by name; null if a figure is unknown. */
  metrics: Record<string, number | null>;
  /** When the state last changed. */
  updated_at: string;
}

/** A service, as shown to those who depend on it. */
export interface ServiceState {
  /** The name of the service. */
  service: string;
  /** The name for people. */
  displayName: string;
  /** The layer of the service, such as `data`. */
  layer: string;
  /**
   * The state of the service, of which the first that applies is given: `stopped`, `circuit_open`, `unhealthy`,
   * `degraded`, `unknown`, `healthy`.
   */
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  /** The breaker of the service. */
  circuit_breaker: BreakerRecord;
  /** The calls of the service since the start. */
  operations: CallCounts;
  /** How long calls took. */
  performance: Performance;
  /** The public part of the service's configuration, without URLs. */
  config: Record<string, unknown>;
  /** The names of the services that this one depends on. */
  dependencies: string[];
  /** When the state last changed. */
  updated_at: string;
}

/** The present state of a setting. */
export interface Setting {
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
}

/** A position: the `seq` of the last message that the client handled, and the `epoch` of that `seq`. */
export interface Since {
  /** The epoch of `seq`. 1 to 32 of A-Z a-z 0-9 _ - */
  epoch: string;
  /** The `seq` of the last message of the channel that the client handled. */
  seq: number;
}

/** A service, as shown to those who manage it. */
export interface SkyDuelService {
  /** The name of the service. */
  name: string;
  /** The name for people. */
  displayName: string;
  /** The purpose of the service. */
  description: string;
  /** The version of the service; empty if it is unknown. */
  version: string;
  /**
   * `internal` services are parts of the server, `probe` services are checked by it, and `reported` services report
   * themselves.
   */
  kind: "internal" | "probe" | "reported" | (string & {});
  /** The layer of the service, such as `data`. */
  layer: string;
  /** The state of the service, as in ServiceState. */
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  /** Whether the service runs. */
  isRunning: boolean;
  /** Whether the service's breaker is open or half-open. */
  hasActiveCircuitBreaker: boolean;
  /** The names of the services that this one depends on. */
  dependencies: string[];
  /** The names of the services that depend on this one. */
  dependents: string[];
  /** The commands that the service accepts. */
  commands: string[];
  /** When the state last changed. */
  lastUpdate: string;
  /** When the service was last started; null if it never was. */
  startedAt: string | null;
  /** How often the service was restarted. */
  restarts: number;
  /** Figures of the service by name; null if a figure is unknown. */
  metrics: Record<string, number | null>;
}

/** A channel or group that the connection follows. */
export interface Subscription {
  /** The channel or group. */
  channel: string;
  /** The kind of the channel or of the channels of the group. */
  kind: "every" | "latest" | (string & {});
  /** The channel's position; null for a group. */
  seq: number | null;
}

/** A token with its market fields. */
export interface Token {
  /** The symbol, such as `SOL`, or `YFI-BTC` if the token is not quoted in dollars. */
  symbol: string;
  /** The name, such as `Solana`; null if unknown. */
  name: string | null;
  /** The address of the mint or contract; null if unknown. */
  address: string | null;
  /** How many decimals an amount of the token has on its chain; null if unknown. */
  decimals: number | null;
  /** An `https:` URL of the token's image; null if there is none. */
  image_url: string | null;
  /** A text about the token; null if there is none. */
  description: string | null;
  /** The token's color as `#rrggbb` or `#rrggbbaa`; null if there is none. */
  color: string | null;
  /** `https:` URLs by kind, such as `x`. */
  socials: Record<string, string>;
  /** Links to websites of the token. */
  websites: Website[];
  /** `inactive` tokens are no longer traded here. */
  status: "active" | "inactive" | (string & {});
  /** When the metadata or the status last changed. */
  updated_at: string;
  /** The price in the quote currency; null if unknown. */
  price: number | null;
  /** The change of the price over 24 hours, in percent; null if unknown. */
  change_24h: number | null;
  /** The volume of 24 hours in the quote currency; null if unknown. */
  volume_24h: number | null;
  /** The market capitalization in the quote currency; null if unknown. */
  market_cap: number | null;
  /** The fully diluted valuation in the quote currency; null if unknown. */
  fdv: number | null;
  /** The liquidity in the quote currency; null if unknown. */
  liquidity: number | null;
}

/** A token without its market fields. */
export interface TokenMetadata {
  /** The symbol, such as `SOL`, or `YFI-BTC` if the token is not quoted in dollars. */
  symbol: string;
  /** The name, such as `Solana`; null if unknown. */
  name: string | null;
  /** The address of the mint or contract; null if unknown. */
  address: string | null;
  /** How many decimals an amount of the token has on its chain; null if unknown. */
  decimals: number | null;
  /** An `https:` URL of the token's image; null if there is none. */
  image_url: string | null;
  /** A text about the token; null if there is none. */
  description: string | null;
  /** The token's color as `#rrggbb` or `#rrggbbaa`; null if there is none. */
  color: string | null;
  /** `https:` URLs by kind, such as `x`. */
  socials: Record<string, string>;
  /** Links to websites of the token. */
  websites: Website[];
  /** `inactive` tokens are no longer traded here. */
  status: "active" | "inactive" | (string & {});
  /** When the metadata or the status last changed. */
  updated_at: string;
}

/** A stored event. */
export interface TrackedEvent {
  /** The name of the event. */
  event: string;
  /** The id of the event, a UUID in lower case. */
  eventId: string;
  /** Whether an event with this id had been stored before; the new one is then ignored. */
  duplicate: boolean;
}

/** The user that a connection belongs to. */
export interface User {
  /** The wallet. */
  wallet_address: string;
  /** The nickname; null if there is none. */
  nickname: string | null;
  /** `user`, `admin` or `superadmin`. */
  role: string;
}

/** The volume of a symbol in a window that ends now. */
export interface Volume {
  /** The symbol, such as `SOL`. */
  symbol: string;
  /** The volume in the quote currency. */
  volume: number;
  /** How many trades there were. */
  trades_count: number;
  /** The volume of trades in which the taker bought, in the quote currency. */
  buy_volume: number;
  /** The volume of trades in which the taker sold, in the quote currency. */
  sell_volume: number;
  /** The length of the window. */
  interval: "15m" | "1d" | "1h" | "1m" | "4h" | "5m" | (string & {});
  /** When the volume was computed. */
  timestamp: string;
}

/** A link of a token. */
export interface Website {
  /** The text of the link. */
  label: string;
  /** An `https:` URL. */
  url: string;
}

/** The active users. */
export interface ActiveUsers {
  type: "active_users";
  /** The users, most recently active first, at most 500. */
  users: ActiveUser[];
  /** How many users are active, including those who are not listed. */
  count: number;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** Admins became visible in the room, or none is any longer. */
export interface AdminPresence {
  type: "admin_presence";
  /** The id of the contest. */
  contestId: number;
  /** Whether at least one visible admin is in the room. */
  active: boolean;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The admin is now shown or hidden. */
export interface AdminPresenceUpdated {
  type: "admin_presence_updated";
  /** The id of the contest. */
  contestId: number;
  /** Whether the admin is visible in the room. */
  visibility: "invisible" | "visible" | (string & {});
  timestamp: string;
  requestId?: string;
}

/** A page of contests. */
export interface AllContests {
  type: "all_contests";
  /** The contests. */
  data: ContestView[];
  /** The cursor of the next page; absent on the last one. */
  nextCursor?: string;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** All services. */
export interface AllServices {
  type: "all_services";
  /** The services. */
  data: NamedHealth[];
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** All settings that the caller may see. */
export interface AllSettings {
  type: "all_settings";
  /** The settings by key. */
  settings: Record<string, Setting>;
  /** The highest of their versions; 0 if there are no settings. */
  version: number;
  timestamp: string;
  requestId?: string;
}

/** The dashboard is no longer followed. */
export interface AnalyticsUnsubscribed {
  type: "unsubscribed";
  /** Always true. */
  dashboard: true;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface AnalyticsWelcome {
  type: "welcome";
  /** A greeting for people. */
  message: string;
  /** Whether this connection has the rights of an admin. */
  isAdmin: boolean;
  timestamp: string;
}

/** The token is valid. */
export interface AuthSuccess {
  type: "auth_success";
  /** The user of the token. */
  user: User | null;
  /** When the token expires. */
  expiresAt: string;
  timestamp: string;
  requestId?: string;
}

/** The settings of a category. */
export interface CategorySettings {
  type: "category_settings";
  /** The category. */
  category: string;
  /** The settings by key; empty if the category is unknown. */
  settings: Record<string, Setting>;
  timestamp: string;
  requestId?: string;
  channel?: string;
}

/** A stored message. */
export interface ChatMessage {
  type: "chat_message";
  /** The id of the contest. */
  contestId: number;
  /** The message. */
  data: ChatMessageRecord;
  /** True in the answer to a `messageId` that was sent again; otherwise absent. */
  duplicate?: boolean;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** An admin deleted a message. */
export interface ChatMessageDeleted {
  type: "chat_message_deleted";
  /** The id of the contest. */
  contestId: number;
  /** The id of the message. */
  id: number;
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/** A page of the chat. */
export interface ChatMessages {
  type: "chat_messages";
  /** The id of the contest. */
  contestId: number;
  /** Messages in the order of their ids. */
  data: ChatMessageRecord[];
  /** Whether there are more messages in the requested direction. */
  hasMore: boolean;
  timestamp: string;
  requestId?: string;
}

/** The breaker is closed. */
export interface CircuitBreakerResetResult {
  type: "service:circuit_breaker_reset_result";
  /** The name of the service. */
  service: string;
  /** Always true. */
  success: true;
  /** The status of the breaker. */
  status: "closed" | "degraded" | "disabled" | "half_open" | "initializing" | "open" | (string & {});
  /** A sentence about the result. */
  details: string;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface CircuitBreakerWelcome {
  type: "welcome";
  /** The rights of this connection. */
  capabilities: CircuitBreakerCapabilities;
  /** The targets that may be followed. */
  channels: Channels;
  timestamp: string;
}

/** Ends the greeting; pushes follow. */
export interface ConnectionEstablished {
  type: "connection_established";
  /** The id of this connection, a UUID. */
  connectionId: string;
  /** The name of the endpoint, such as `contest`. */
  endpoint: string;
  /** Whether the connection has a valid token. */
  authenticated: boolean;
  /** The user of the token; null if the connection is anonymous. */
  user: User | null;
  /** When the token expires; null if the connection is anonymous. */
  expiresAt: string | null;
  /** The epoch of all positions: 1 to 32 of A-Z a-z 0-9 _ -. */
  epoch: string;
  /** The positions, by channel, of the *every* channels that were joined by connecting. */
  positions: Record<string, number>;
  /** After this time without a frame from the client, the server sends a WebSocket PING; in milliseconds. */
  heartbeatIntervalMs: number;
  /** The version of the server, such as `1.4.0`. */
  serverVersion: string;
  /** The version of the contract, which grows by one with each addition. */
  contract: number;
  /** The limits of this connection. */
  limits: Limits;
  timestamp: string;
}

/** A contest left the default list. */
export interface ContestRemoved {
  type: "contest_removed";
  /** The id of the contest. */
  contestId: number;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The room was entered; the state of the contest, its chat and its leaderboard come next. */
export interface ContestRoomJoined {
  type: "contest_room_joined";
  /** The id of the contest. */
  contestId: number;
  /** The caller's role in the room. */
  role: "admin" | "participant" | "spectator" | (string & {});
  /** The members of the room, most recently joined first, at most 100. */
  members: RoomMember[];
  /** How many members the room has; hidden admins do not count. */
  memberCount: number;
  /** How many members are neither participants nor admins, plus the anonymous connections. */
  spectatorCount: number;
  /** The position of `chat.{contestId}`, by the name of the channel. */
  positions: Record<string, number>;
  /**
   * Present if a `since` was given. If it is true, the chat messages after that position follow; otherwise the last 20
   * follow, and replace those that the client had.
   */
  recovered?: boolean;
  timestamp: string;
  requestId?: string;
}

/** No further push of this contest is sent, except on `public.contests`. */
export interface ContestRoomLeft {
  type: "contest_room_left";
  /** The id of the contest. */
  contestId: number;
  timestamp: string;
  requestId?: string;
}

/** The present state of a contest. */
export interface ContestState {
  type: "contest_state";
  /** The id of the contest. */
  contestId: number;
  /** The contest. */
  data: ContestView;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface ContestWelcome {
  type: "welcome";
  /** A greeting for people. */
  message: string;
  /** The rights of this connection. */
  capabilities: ContestCapabilities;
  timestamp: string;
}

/** The present state. */
export interface DashboardUpdate {
  type: "dashboard_update";
  /** The figures of the server. */
  stats: ServerStats;
  /** How many users are active. */
  activeUsers: number;
  /** The most frequent events of the past 24 hours. */
  topEvents: EventCount[];
  /** How many events were received in each of the past 60 minutes, oldest first; the last one is the current minute. */
  eventsPerMinute: number[];
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/**
 * The first of equal errors, with `count` 1. If more follow within 10 s, an alert with the same `id` and the total
 * count follows at the end of that time.
 */
export interface ErrorAlert {
  type: "error_alert";
  /** The error. */
  data: ErrorRecord;
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/** Says why a message had no effect, or why the connection ends. */
export interface ErrorEvent {
  type: "error";
  /** Says what is wrong, such as `INVALID_REQUEST`; the document lists all codes. */
  code: string;
  /** A sentence for people that says what to do. */
  message: string;
  /** The path of the invalid field, such as `symbols[3]`; absent if no single field is to blame. */
  field?: string;
  /** The time after which the same request may succeed, in milliseconds. */
  retryAfterMs?: number;
  /** The id of the log entry about the defect; present with `INTERNAL_ERROR`. */
  errorId?: string;
  /** The limit that was reached (`server`, `ip` or `user`); present with `TOO_MANY_CONNECTIONS`. */
  scope?: string;
  /**
   * The stored setting that the change conflicts with; present with `VERSION_CONFLICT`, and null if nothing is stored.
   */
  current?: Record<string, unknown> | null;
  /** The commands that the service accepts; present with `INVALID_COMMAND`. */
  commands?: string[];
  /** The services that depend on the service, at most 100; present with `DEPENDENCY_ERROR`. */
  dependents?: string[];
  timestamp: string;
  requestId?: string;
}

/** The event or events are stored. */
export interface EventTracked {
  type: "event_tracked";
  /** The name of the event; absent if several were sent. */
  event?: string;
  /** The id of the event, a UUID in lower case; absent if several were sent. */
  eventId?: string;
  /**
   * Whether an event with this id had been stored before, so that the new one is ignored; absent if several were sent.
   */
  duplicate?: boolean;
  /** The events in the order in which they were sent; absent if one was sent by itself. */
  events?: TrackedEvent[];
  timestamp: string;
  requestId?: string;
}

/** The result of a check. If the service is unhealthy, that too is sent as a result, not as an error. */
export interface HealthCheckResult {
  type: "service:health_check_result";
  /** The name of the service. */
  service: string;
  /** Whether the check found that the service works. */
  healthy: boolean;
  /** The state of the service. */
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  /** How long the check took, in milliseconds. */
  latency_ms: number;
  /** The breaker of the service. */
  circuit_breaker: BreakerRecord;
  timestamp: string;
  requestId?: string;
}

/** Answers `heartbeat`. */
export interface HeartbeatAck {
  type: "heartbeat_ack";
  timestamp: string;
  requestId?: string;
}

/** A layer with its services. */
export interface LayerUpdate {
  type: "layer:status";
  /** The name of the layer. */
  layer: string;
  /**
   * `critical` if a service is `circuit_open` or `unhealthy`, else `warning` if one is `degraded` or `stopped`, else
   * `unknown` if there is none or all are unknown, else `operational`.
   */
  status: "critical" | "operational" | "unknown" | "warning" | (string & {});
  /** The services of the layer. */
  services: LayerMember[];
  channel: string;
  seq: number;
  timestamp: string;
}

/** A page of the leaderboard; pushes contain the top 100. */
export interface LeaderboardUpdate {
  type: "leaderboard_update";
  /** The id of the contest. */
  contestId: number;
  /** The page. */
  data: Leaderboard;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** Maintenance began, changed or ended. */
export interface MaintenanceStatus {
  type: "maintenance_status";
  /** The state of maintenance. */
  data: MaintenanceRecord;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** The current record of a service. */
export interface ManagedServiceUpdate {
  type: "service_update";
  /** The service. */
  service: SkyDuelService;
  /** True if the service no longer exists; otherwise absent. */
  removed?: boolean;
  channel: string;
  seq: number;
  timestamp: string;
}

/** Says why a message had no effect, or why the connection ends. */
export interface MarketDataErrorEvent {
  type: "ERROR";
  /** Says what is wrong, such as `INVALID_REQUEST`; the document lists all codes. */
  code: string;
  /** A sentence for people that says what to do. */
  message: string;
  /** The path of the invalid field, such as `symbols[3]`; absent if no single field is to blame. */
  field?: string;
  /** The time after which the same request may succeed, in milliseconds. */
  retryAfterMs?: number;
  /** The id of the log entry about the defect; present with `INTERNAL_ERROR`. */
  errorId?: string;
  /** The limit that was reached (`server`, `ip` or `user`); present with `TOO_MANY_CONNECTIONS`. */
  scope?: string;
  /**
   * The stored setting that the change conflicts with; present with `VERSION_CONFLICT`, and null if nothing is stored.
   */
  current?: Record<string, unknown> | null;
  /** The commands that the service accepts; present with `INVALID_COMMAND`. */
  commands?: string[];
  /** The services that depend on the service, at most 100; present with `DEPENDENCY_ERROR`. */
  dependents?: string[];
  timestamp: string;
  requestId?: string;
}

/** The price, its source or its staleness changed. */
export interface MarketPrice {
  type: "MARKET_PRICE";
  /** The price. */
  data: Price;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The balance of buying and selling changed. */
export interface MarketSentiment {
  type: "MARKET_SENTIMENT";
  /** The sentiment. */
  data: Sentiment;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The volume of a window changed. */
export interface MarketVolume {
  type: "MARKET_VOLUME";
  /** The volume. */
  data: Volume;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The value of a metric. */
export interface MetricUpdate {
  type: "metric_update";
  /** The name of the metric. */
  metric: string;
  /** The value of the metric. */
  data: MetricData;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface MonitorWelcome {
  type: "welcome";
  /** The rights of this connection. */
  capabilities: MonitorCapabilities;
  timestamp: string;
}

/** The current health of a service. */
export interface MonitoredServiceUpdate {
  type: "service_status";
  /** The name of the service. */
  service: string;
  /** The health of the service. */
  data: ServiceHealth;
  /** True if the service no longer exists; otherwise absent. */
  removed?: boolean;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** Values of settings. */
export interface MonitoredSettings {
  type: "system_settings";
  /** `all` or `update` if `data` has values by key, otherwise the key of the setting of which `data` is the value. */
  subtype: string;
  /** The values by key, or the value of one setting; null stands for a secret value. */
  data: unknown;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** A new notification. */
export interface NotificationAdded {
  type: "notification";
  /** The notification. */
  data: Notification;
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/** Notifications, newest first. */
export interface NotificationBatch {
  type: "notification_batch";
  /** The notifications. */
  data: Notification[];
  /** How many notifications this batch has. */
  count: number;
  /** Whether there are older ones. */
  hasMore: boolean;
  /** `unread` or `announcements`; absent in the answer to `get_notifications`. */
  subtype?: "announcements" | "unread" | (string & {});
  /**
   * The cursor of the next page for `get_notifications`, with `onlyUnread` if `subtype` is `unread`; absent on the last
   * page.
   */
  nextCursor?: string;
  timestamp: string;
  requestId?: string;
  channel?: string;
}

/** These notifications were deleted or have expired. */
export interface NotificationRemoved {
  type: "notification_removed";
  /** The ids of the notifications. */
  ids: number[];
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface NotificationsWelcome {
  type: "welcome";
  /** The rights of this connection. */
  capabilities: NotificationsCapabilities;
  timestamp: string;
}

/** Rank, value or status of a participant. */
export interface ParticipantUpdate {
  type: "participant_update";
  /** The id of the contest. */
  contestId: number;
  /** The wallet. */
  wallet: string;
  /** The participant. */
  data: Participant;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** Answers `ping`. */
export interface Pong {
  type: "pong";
  /** The value that the client sent, or the server's time if it sent none. */
  timestamp: number | string;
  /** The server's time. */
  serverTime: string;
  requestId?: string;
}

/** Notifications are marked as read. */
export interface ReadConfirmed {
  type: "read_confirmed";
  /** How many of them were unread before. */
  count: number;
  /** The notifications that are read now; absent if `all` is present. */
  ids?: number[];
  /** True if all notifications, or all of `types`, are read now; otherwise absent. */
  all?: boolean;
  /** The types that were given with `mark_all_read`; absent if none were. */
  types?: string[];
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** Errors, newest first. */
export interface RecentErrors {
  type: "recent_errors";
  /** The errors. */
  data: ErrorRecord[];
  /** How many errors `data` has. */
  count: number;
  /** How many records match the request. */
  totalErrors: number;
  /** The requested service; null if none was requested. */
  service: string | null;
  timestamp: string;
  requestId?: string;
}

/** Statistics of the server. */
export interface ServerStatsReport {
  type: "server_stats";
  /** The figures of the server. */
  stats: ServerStats;
  timestamp: string;
  requestId?: string;
}

/** The status of the server. */
export interface ServerStatusUpdate {
  type: "SERVER_STATUS_UPDATE";
  /** The status. */
  data: ServerStatus;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** A breaker or the health of a service changed. */
export interface ServiceAlert {
  type: "service:alert";
  /** The name of the service. */
  service: string;
  /** The kind of change. */
  alert: Alert;
  /** The breaker of the service. */
  circuit_breaker: BreakerRecord;
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/** The command has taken effect. */
export interface ServiceCommandResult {
  type: "service_command_result";
  /** The name of the service. */
  serviceName: string;
  /** The command. */
  command: string;
  /** The outcome. */
  result: Outcome;
  /** How long the command took, in milliseconds. */
  durationMs: number;
  timestamp: string;
  requestId?: string;
}

/** All services. */
export interface ServiceData {
  type: "service_data";
  /** The services. */
  services: SkyDuelService[];
  timestamp: string;
  requestId?: string;
  channel?: string;
}

/** The service is followed; its state comes next, then every change. */
export interface ServiceSubscribed {
  type: "service_subscribed";
  /** The name of the service, or `*`. */
  serviceName: string;
  timestamp: string;
  requestId?: string;
}

/** The service is no longer followed, unless all services are followed. */
export interface ServiceUnsubscribed {
  type: "service_unsubscribed";
  /** The name of the service, or `*`. */
  serviceName: string;
  timestamp: string;
  requestId?: string;
}

/** The new state of a service. */
export interface ServiceUpdate {
  type: "service:update";
  /** The name of the service. */
  service: string;
  /** The name for people. */
  displayName: string;
  /** The layer of the service, such as `data`. */
  layer: string;
  /**
   * The state of the service, of which the first that applies is given: `stopped`, `circuit_open`, `unhealthy`,
   * `degraded`, `unknown`, `healthy`.
   */
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  /** The breaker of the service. */
  circuit_breaker: BreakerRecord;
  /** The calls of the service since the start. */
  operations: CallCounts;
  /** How long calls took. */
  performance: Performance;
  /** The public part of the service's configuration, without URLs. */
  config: Record<string, unknown>;
  /** The names of the services that this one depends on. */
  dependencies: string[];
  /** When the state last changed. */
  updated_at: string;
  /** The state before; absent if it is the same. */
  previousStatus?: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  /** The alert that was raised by this change; absent if there was none. */
  alert?: Alert;
  /** The role that had the service checked; absent unless a check caused this message. */
  checked_by?: "admin" | "system" | (string & {});
  /** The role that closed the breaker; absent unless that caused this message. */
  reset_by?: "admin" | "system" | (string & {});
  /** True if the service no longer exists; otherwise absent. */
  removed?: boolean;
  channel: string;
  seq: number;
  timestamp: string;
}

/** All services. */
export interface ServicesState {
  type: "services:state";
  /** The services. */
  services: ServiceState[];
  timestamp: string;
  channel?: string;
}

/** The role, nickname or token of this connection changed on the server. */
export interface SessionUpdated {
  type: "session_updated";
  /** The user as of now; null if the connection is anonymous from now on. */
  user: User | null;
  timestamp: string;
}

/** The current state of a setting. */
export interface SettingFound {
  type: "setting";
  /** The key of the setting. */
  key: string;
  /** The setting. */
  setting: Setting;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** A setting changed. */
export interface SettingUpdate {
  type: "setting_update";
  /** The key of the setting. */
  key: string;
  /** The setting as it is now; null if it no longer exists. */
  setting: Setting | null;
  /**
   * The value before; null if there was none, if it was secret, or if fewer people could see the setting then than now.
   */
  previous: unknown;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The change is stored. */
export interface SettingUpdated {
  type: "setting_updated";
  /** The key of the setting. */
  key: string;
  /** The setting as it is now. */
  setting: Setting;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface SkyduelWelcome {
  type: "welcome";
  /** A greeting for people. */
  message: string;
  /** The id of this connection, a UUID. */
  connectionId: string;
  timestamp: string;
}

/** How many spectators are in the room. */
export interface SpectatorCount {
  type: "spectator_count";
  /** The id of the contest. */
  contestId: number;
  /** The wallets in the room that are neither participants nor admins, and the anonymous connections. */
  count: number;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The setting is followed; its state comes next as a `setting`, if the setting exists. */
export interface Subscribed {
  type: "subscribed";
  /** The key of the setting. */
  key: string;
  timestamp: string;
  requestId?: string;
}

/** The category is followed; its `category_settings` comes next. */
export interface SubscribedCategory {
  type: "subscribed_category";
  /** The category. */
  category: string;
  timestamp: string;
  requestId?: string;
}

/** The metric is followed; its current value comes next. */
export interface SubscribedMetric {
  type: "subscribed_metric";
  /** The name of the metric. */
  metric: string;
  timestamp: string;
  requestId?: string;
}

/** The channel is followed. Its snapshot or the missed messages come next. */
export interface SubscriptionConfirmed {
  type: "subscription_confirmed";
  /** The channel or group. */
  channel: string;
  /**
   * `every` channels number each message without gaps; on `latest` channels, only the newest message per key counts.
   */
  kind: "every" | "latest" | (string & {});
  /** The epoch of `seq`. */
  epoch: string;
  /** The position at which the snapshot or the missed messages end; null for a group. */
  seq: number | null;
  /**
   * Whether exactly the missed messages follow, instead of the snapshot; present if a `since` was given, or after the
   * server lost its connection to the bus.
   */
  recovered?: boolean;
  timestamp: string;
  requestId?: string;
}

/** All subscriptions of the connection, in the order of joining. */
export interface SubscriptionList {
  type: "subscriptions";
  /** The channels and groups, without the single channels of a followed group. */
  data: Subscription[];
  timestamp: string;
  requestId?: string;
}

/** Symbols are followed; the current state of each comes next. */
export interface SymbolsSubscribed {
  type: "symbols_subscribed";
  /** The requested symbols that are followed now, in upper case and without repeats; `["*"]` if all are. */
  symbols: string[];
  /** The requested symbols that the server does not know, in upper case; they are not followed. */
  unknown: string[];
  timestamp: string;
  requestId?: string;
}

/** No further push of these symbols is sent, unless every symbol is followed (`*`). */
export interface SymbolsUnsubscribed {
  type: "symbols_unsubscribed";
  /** The requested symbols, in upper case and without repeats; `["*"]` if all were left. */
  symbols: string[];
  timestamp: string;
  requestId?: string;
}

/** The setting is no longer followed, unless its category is followed. */
export interface SystemSettingsUnsubscribed {
  type: "unsubscribed";
  /** The key of the setting. */
  key: string;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface SystemSettingsWelcome {
  type: "welcome";
  /** Whether this connection may change settings. */
  canWrite: boolean;
  timestamp: string;
}

/** One token with its market fields. */
export interface TokenData {
  type: "token_data";
  /** The symbol of the token. */
  symbol: string;
  /** The token. */
  data: Token;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** On token-data: the complete list of tokens. */
export interface TokenListUpdate {
  type: "token_update";
  /** All tokens; the list replaces the client's own. */
  data: Token[];
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** On market-data: the tokens whose metadata changed, without their market fields. */
export interface TokenMetadataUpdate {
  type: "token_update";
  /** The tokens that changed; a client keeps the others. */
  data: TokenMetadata[];
  channel: string;
  seq: number;
  timestamp: string;
}

/** How many notifications are unread. */
export interface UnreadCount {
  type: "unread_count";
  /** The number of unread notifications. */
  count: number;
  /** Grows with each change to the user's notifications; the count with the highest version is right. */
  version: number;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** The category is no longer followed. */
export interface UnsubscribedCategory {
  type: "unsubscribed_category";
  /** The category. */
  category: string;
  timestamp: string;
  requestId?: string;
}

/** The metric is no longer followed. */
export interface UnsubscribedMetric {
  type: "unsubscribed_metric";
  /** The name of the metric. */
  metric: string;
  timestamp: string;
  requestId?: string;
}

/** No further message of the channel is sent. */
export interface UnsubscriptionConfirmed {
  type: "unsubscription_confirmed";
  /** The channel or group. */
  channel: string;
  /** Why the server itself ended the subscription (`rights`); absent if the client ended it. */
  reason?: string;
  timestamp: string;
  requestId?: string;
}

/** A user entered or left the room. */
export interface UserPresence {
  type: "user_presence";
  /** The id of the contest. */
  contestId: number;
  /** `join` if the user entered, `leave` if the user left. */
  action: "join" | "leave" | (string & {});
  /** The user. */
  user: RoomUser;
  channel: string;
  seq: number;
  timestamp: string;
}

/** Shows that the user is present, and where. */
export interface AnalyticsHeartbeat {
  /**
   * The part of the platform that the user is looking at, such as `TRADING`; it applies until another is named or the
   * connection ends. 1 to 32 of A-Z 0-9 _
   */
  zone?: string | undefined;
}

/** Refreshes the token, or signs in an anonymous connection. */
export interface Authenticate {
  /** A JWT of the wallet that this connection belongs to, or of any wallet if the connection is anonymous. */
  token: string;
}

/** Follows a service. */
export interface CircuitBreakerSubscribeService {
  /** The name of the service. 1 to 64 of a-z 0-9 _ - */
  service: string;
}

/** Asks for the active users. */
export type GetActiveUsers = Record<string, never>;

/**
 * Asks for the default list (pending and active contests, then those that ended within the last day) or, with `status`,
 * for all contests with that status; each latest start first. Also follows `public.contests`.
 */
export interface GetAllContests {
  /** The status of the contests to list; without it, the default list. */
  status?: "active" | "cancelled" | "completed" | "pending" | undefined;
  /** How many contests the page has at most; 100 by default. */
  limit?: number | undefined;
  /** The `nextCursor` of the previous page. */
  cursor?: string | undefined;
}

/** Asks for the health of all services. */
export type GetAllServices = Record<string, never>;

/** Asks for all settings that the caller may see. */
export type GetAllSettings = Record<string, never>;

/** Asks for the complete list of tokens, and moves the connection from `public.tokens` to `public.token_list`. */
export type GetAllTokens = Record<string, never>;

/** Asks for the settings of a category. */
export interface GetCategorySettings {
  /** The category. 1 to 127 of a-z 0-9 _ - */
  category: string;
}

/** Asks for the messages before or after a given one, or for the newest. */
export interface GetChatMessages {
  /** The id of the contest. */
  contestId: number | string;
  /** Asks for the messages before the one with this id; excludes `afterId`. */
  beforeId?: number | undefined;
  /** Asks for the messages after the one with this id; excludes `beforeId`. */
  afterId?: number | undefined;
  /** How many messages the page has at most; 50 by default. */
  limit?: number | undefined;
}

/** Asks for a contest, and follows it. */
export interface GetContestState {
  /** The id of the contest. */
  contestId: number | string;
}

/** Asks for a page of the leaderboard, and follows its top. */
export interface GetLeaderboard {
  /** The id of the contest. */
  contestId: number | string;
  /** How many rows the page has at most; 100 by default. */
  limit?: number | undefined;
  /** How many rows to skip; 0 by default. */
  offset?: number | undefined;
  /** The wallet in the middle of the page; excludes `offset`. 1 to 64 characters of A-Z a-z 0-9 _ - */
  around?: string | undefined;
}

/** Asks whether maintenance is in progress. */
export type GetMaintenanceStatus = Record<string, never>;

/** Asks for a page of notifications, newest first. */
export interface GetNotifications {
  /** How many notifications the page has at most; 20 by default. */
  limit?: number | undefined;
  /** The `nextCursor` of the previous page. */
  cursor?: string | undefined;
  /** The types of notifications to list; without it, all. */
  types?: readonly string[] | undefined;
  /** Whether to leave out those that are read; false by default. */
  onlyUnread?: boolean | undefined;
}

/**
 * Asks for the row of a wallet, by default the caller's own. The owner of the wallet and admins also follow the row;
 * others see it only once the contest is completed.
 */
export interface GetParticipantStatus {
  /** The id of the contest. */
  contestId: number | string;
  /** The wallet to look up; by default the caller's own. 1 to 64 characters of A-Z a-z 0-9 _ - */
  wallet?: string | undefined;
}

/** Asks for the newest errors. */
export interface GetRecentErrors {
  /** How many errors the answer has at most; 20 by default. */
  limit?: number | undefined;
  /** The service whose errors to list; without it, all. 1 to 64 of a-z 0-9 _ - */
  service?: string | undefined;
  /** The level of the errors to list; without it, all. */
  level?: "critical" | "debug" | "error" | "info" | "warning" | undefined;
}

/** Asks for the statistics of the server. */
export type GetServerStats = Record<string, never>;

/** Asks for the health of a service. */
export interface GetServiceStatus {
  /** The name of the service. 1 to 64 of a-z 0-9 _ - */
  service: string;
}

/** Asks for all services. */
export type GetServices = Record<string, never>;

/** Asks for one setting. */
export interface GetSetting {
  /** The key of the setting. 1 to 128 of a-z 0-9 _ . - */
  key: string;
}

/** Lists the subscriptions of the connection. */
export type GetSubscriptions = Record<string, never>;

/** Asks for the value of a setting, or for the values of all settings that this connection may see. */
export interface GetSystemSettings {
  /** The key of the setting; without it, all. 1 to 128 of a-z 0-9 _ . - */
  key?: string | undefined;
}

/** Asks for the status of the server. */
export type GetSystemStatus = Record<string, never>;

/** Asks for one token. */
export interface GetToken {
  /** The symbol of the token, in upper or lower case. 1 to 32 of A-Z a-z 0-9 _ $ . - */
  symbol: string;
}

/** Asks for the newest unread notifications. */
export interface GetUnread {
  /** How many notifications the batch has at most; 20 by default. */
  limit?: number | undefined;
}

/**
 * Checks a service. A recent result is returned instead of a new check: for admins one up to 1 s old, for everybody
 * else one up to 10 s old.
 */
export interface HealthCheck {
  /** The name of the service. 1 to 64 of a-z 0-9 _ - */
  service: string;
}

/** Shows that the client is alive. */
export type Heartbeat = Record<string, never>;

/** Enters the room of a contest and follows its channels. */
export interface JoinContestRoom {
  /** The id of the contest. */
  contestId: number | string;
  /** The position of `chat.{contestId}` to resume from. */
  since?: Since | undefined;
  /** Whether an admin is visible in the room; `invisible` by default. Others may not send this field. */
  visibility?: "invisible" | "visible" | undefined;
}

/** Leaves the room and all channels of the contest. */
export interface LeaveContestRoom {
  /** The id of the contest. */
  contestId: number | string;
}

/** Marks all notifications as read, or all those of some types. */
export interface MarkAllRead {
  /** The types of notifications to mark; without it, all. */
  types?: readonly string[] | undefined;
}

/** Marks notifications as read. */
export interface MarkRead {
  /** The notification to mark; excludes `ids`. */
  id?: number | string | undefined;
  /** The notifications to mark; unknown ones are ignored, unless none of them is known. Excludes `id`. */
  ids?: readonly (number | string)[] | undefined;
}

/** Measures the round trip; `timestamp` is returned. `data` from clients of earlier versions is ignored. */
export interface Ping {
  /** The client's time; `pong` returns it, and other commands ignore it. */
  timestamp?: number | string | undefined;
}

/** Closes the breaker at once, so that calls are let through again. */
export interface ResetCircuitBreaker {
  /** The name of the service. 1 to 64 of a-z 0-9 _ - */
  service: string;
}

/** Posts a message in the room; the answer is the stored message. */
export interface SendChatMessage {
  /** The id of the contest. */
  contestId: number | string;
  /** Plain text, at most 500 characters and 4,000 bytes by default; it is trimmed. */
  text: string;
  /**
   * An id that the client gives the message, so that it can send it again safely: a message is stored only once per
   * `messageId`, wallet and contest. A UUID.
   */
  messageId?: string | undefined;
}

/** Sends a command to a service. */
export interface ServiceCommand {
  /** The name of the service. 1 to 64 of a-z 0-9 _ - */
  serviceName: string;
  /** The command, one of those in the service's `commands`, such as `restart`. */
  command: string;
  /** Parameters of the command; `force` stops a service even if others depend on it. */
  params?: Record<string, unknown> | undefined;
  /**
   * An id that the client gives the command, so that it can send it again safely: the same one runs once within 24 h,
   * and a repeat gets the first result. A UUID.
   */
  commandId?: string | undefined;
}

/** Shows or hides an admin in a room. */
export interface SetAdminPresence {
  /** The id of the contest. */
  contestId: number | string;
  /** Whether the admin is visible in the room. */
  visibility: "invisible" | "visible";
}

/** Follows a service, or all of them. */
export interface SkyduelSubscribeService {
  /** The name of the service, or `*` for all. 1 to 64 of a-z 0-9 _ -, or `*` */
  serviceName: string;
}

/** Follows `channel`, or each of `channels`. */
export interface Subscribe {
  /** The channel or group to follow. A channel or group name. */
  channel?: string | undefined;
  /** The position of `channel` to resume from; without it, the channel begins with its snapshot. */
  since?: Since | undefined;
  /** Channels and groups to follow, each a name, or a name with a position; a repeated name counts once. */
  channels?: readonly (string | ChannelSince)[] | undefined;
}

/** Follows all services. */
export type SubscribeAll = Record<string, never>;

/** Follows the settings of a category, present and future. */
export interface SubscribeCategory {
  /** The category. 1 to 127 of a-z 0-9 _ - */
  category: string;
}

/** Follows the dashboard. */
export type SubscribeDashboard = Record<string, never>;

/** Follows a layer. */
export interface SubscribeLayer {
  /** The name of the layer. 1 to 64 of a-z 0-9 _ - */
  layer: string;
}

/** Follows a metric. */
export interface SubscribeMetric {
  /** The name of the metric. `UNKNOWN_METRIC` errors list the names. */
  metric: string;
}

/** Another name for `subscribe_all`. */
export type SubscribeServices = Record<string, never>;

/** Follows a setting, even if it does not exist yet. */
export interface SubscribeSetting {
  /** The key of the setting. 1 to 128 of a-z 0-9 _ . - */
  key: string;
}

/** Follows symbols, in upper or lower case; `*` stands for every symbol, present and future. */
export interface SubscribeSymbols {
  /** The symbols to follow, in upper or lower case; `*` among them stands for all, and the others are then ignored. */
  symbols: readonly string[];
}

/** Stores an event, or all of `events`; the answer means that they are on disk. */
export interface TrackEvent {
  /** The name of the event; excludes `events`. 1 to 64 of A-Z a-z 0-9 _ . : - */
  event?: string | undefined;
  /** Facts about the event, at most 16 KiB of JSON. */
  data?: Record<string, unknown> | undefined;
  /**
   * The id of the event, so that it can be sent again safely: each is stored only once per wallet. Without it, the
   * server makes one. A UUID.
   */
  eventId?: string | undefined;
  /**
   * When the event happened: ISO-8601 with an offset, at most 24 h ago and at most 5 min ahead; for clients that were
   * offline.
   */
  occurredAt?: string | undefined;
  /** Several events; excludes the other fields. */
  events?: readonly GivenEvent[] | undefined;
}

/** Stops following `channel`, or each of `channels`. */
export interface Unsubscribe {
  /** The channel or group to leave. A channel or group name. */
  channel?: string | undefined;
  /** Channels and groups to leave; positions are ignored. */
  channels?: readonly (string | ChannelSince)[] | undefined;
}

/** Stops following a category. */
export interface UnsubscribeCategory {
  /** The category. 1 to 127 of a-z 0-9 _ - */
  category: string;
}

/** Stops following the dashboard. */
export type UnsubscribeDashboard = Record<string, never>;

/** Stops following a metric. */
export interface UnsubscribeMetric {
  /** The name of the metric. `UNKNOWN_METRIC` errors list the names. */
  metric: string;
}

/** Stops following a service, or all of them. */
export interface UnsubscribeService {
  /** The name of the service, or `*` for all. 1 to 64 of a-z 0-9 _ -, or `*` */
  serviceName: string;
}

/** Stops following a setting. */
export interface UnsubscribeSetting {
  /** The key of the setting. 1 to 128 of a-z 0-9 _ . - */
  key: string;
}

/** Stops following symbols; `*` stands for every symbol. */
export interface UnsubscribeSymbols {
  /** The symbols to leave, in upper or lower case; `*` among them ends all subscriptions to symbols. */
  symbols: readonly string[];
}

/** Changes a setting, or creates it. Setting an equal value is a change too. */
export interface UpdateSetting {
  /** The key of the setting. 1 to 128 of a-z 0-9 _ . - */
  key: string;
  /** The value, of the same type as the first value of the setting; null is a value. */
  value: unknown;
  /** The purpose of the setting. */
  description?: string | undefined;
  /** The clients that may see the setting; without it, a new setting is visible only to admins. */
  visibility?: "admin" | "public" | "user" | undefined;
  /** Whether the value is shown to nobody; only for a new setting, and false by default. */
  secret?: boolean | undefined;
  /** The change applies only if this is the current version; 0 stands for a setting that is not stored. */
  expectedVersion?: number | undefined;
}

/** The codes of errors; the server may add some. */
export type ErrorCode =
  | "CHAT_MESSAGE_NOT_FOUND"
  | "COMMAND_FAILED"
  | "COMMAND_IN_PROGRESS"
  | "CONTEST_NOT_FOUND"
  | "DEPENDENCY_ERROR"
  | "EMPTY_MESSAGE"
  | "HEALTH_CHECK_FAILED"
  | "IDEMPOTENCY_CONFLICT"
  | "INTERNAL_ERROR"
  | "INVALID_COMMAND"
  | "INVALID_LAYER"
  | "INVALID_MESSAGE"
  | "INVALID_REQUEST"
  | "INVALID_SERVICE"
  | "INVALID_STATE"
  | "INVALID_SYMBOLS"
  | "MAINTENANCE"
  | "MESSAGE_TOO_LONG"
  | "MUTED"
  | "NOTIFICATION_NOT_FOUND"
  | "NOT_ENTERED"
  | "NOT_IN_ROOM"
  | "OUTCOME_UNKNOWN"
  | "PERMISSION_DENIED"
  | "RATE_LIMIT_EXCEEDED"
  | "RESET_FAILED"
  | "SERVICE_NOT_FOUND"
  | "SETTING_NOT_FOUND"
  | "SUBSCRIPTION_DENIED"
  | "TOKEN_EXPIRED"
  | "TOKEN_NOT_FOUND"
  | "TOO_MANY_CONNECTIONS"
  | "TOO_MANY_SUBSCRIPTIONS"
  | "UNAUTHORIZED"
  | "UNAVAILABLE"
  | "UNKNOWN_CHANNEL"
  | "UNKNOWN_MESSAGE_TYPE"
  | "UNKNOWN_METRIC"
  | "VALIDATION_FAILED"
  | "VERSION_CONFLICT";

/** The codes with which the server may refuse any command. */
export type CommonErrorCode = "INTERNAL_ERROR" | "INVALID_REQUEST" | "RATE_LIMIT_EXCEEDED";

/** Everything that the server sends on `analytics`. */
export type AnalyticsMessage =
  | EventTracked
  | DashboardUpdate
  | ActiveUsers
  | AnalyticsUnsubscribed
  | SubscribedMetric
  | UnsubscribedMetric
  | ServerStatsReport
  | HeartbeatAck
  | Pong
  | SubscriptionConfirmed
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | AnalyticsWelcome
  | ConnectionEstablished
  | SessionUpdated
  | ErrorEvent
  | MetricUpdate;

/** Everything that the server sends on `circuit-breaker`. */
export type CircuitBreakerMessage =
  | SubscriptionConfirmed
  | HealthCheckResult
  | CircuitBreakerResetResult
  | HeartbeatAck
  | Pong
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | CircuitBreakerWelcome
  | ServicesState
  | ConnectionEstablished
  | SessionUpdated
  | ErrorEvent
  | ServiceUpdate
  | LayerUpdate
  | ServiceAlert;

/** Everything that the server sends on `contest`. */
export type ContestMessage =
  | AllContests
  | ContestState
  | ParticipantUpdate
  | LeaderboardUpdate
  | ContestRoomJoined
  | ContestRoomLeft
  | ChatMessage
  | AdminPresenceUpdated
  | ChatMessages
  | HeartbeatAck
  | Pong
  | SubscriptionConfirmed
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | ContestWelcome
  | ConnectionEstablished
  | SessionUpdated
  | ErrorEvent
  | ContestRemoved
  | AdminPresence
  | SpectatorCount
  | UserPresence
  | ChatMessageDeleted;

/** Everything that the server sends on `market-data`. */
export type MarketDataMessage =
  | SymbolsSubscribed
  | SubscriptionConfirmed
  | SymbolsUnsubscribed
  | HeartbeatAck
  | Pong
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | ConnectionEstablished
  | SessionUpdated
  | MarketDataErrorEvent
  | MarketPrice
  | MarketVolume
  | MarketSentiment
  | TokenMetadataUpdate;

/** Everything that the server sends on `monitor`. */
export type MonitorMessage =
  | ServerStatusUpdate
  | MaintenanceStatus
  | MonitoredSettings
  | MonitoredServiceUpdate
  | AllServices
  | RecentErrors
  | HeartbeatAck
  | Pong
  | SubscriptionConfirmed
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | MonitorWelcome
  | ConnectionEstablished
  | SessionUpdated
  | ErrorEvent
  | ErrorAlert;

/** Everything that the server sends on `notifications`. */
export type NotificationsMessage =
  | ReadConfirmed
  | UnreadCount
  | NotificationBatch
  | HeartbeatAck
  | Pong
  | SubscriptionConfirmed
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | NotificationsWelcome
  | ConnectionEstablished
  | SessionUpdated
  | ErrorEvent
  | NotificationAdded
  | NotificationRemoved;

/** Everything that the server sends on `skyduel`. */
export type SkyduelMessage =
  | ServiceData
  | ServiceSubscribed
  | ServiceUnsubscribed
  | ServiceCommandResult
  | HeartbeatAck
  | Pong
  | SubscriptionConfirmed
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | SkyduelWelcome
  | ConnectionEstablished
  | SessionUpdated
  | ErrorEvent
  | ManagedServiceUpdate;

/** Everything that the server sends on `system-settings`. */
export type SystemSettingsMessage =
  | AllSettings
  | SettingFound
  | CategorySettings
  | Subscribed
  | SubscribedCategory
  | SystemSettingsUnsubscribed
  | UnsubscribedCategory
  | SettingUpdated
  | HeartbeatAck
  | Pong
  | SubscriptionConfirmed
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | SystemSettingsWelcome
  | ConnectionEstablished
  | SessionUpdated
  | ErrorEvent
  | SettingUpdate;

/** Everything that the server sends on `token-data`. */
export type TokenDataMessage =
  | SymbolsSubscribed
  | SymbolsUnsubscribed
  | TokenData
  | TokenListUpdate
  | SubscriptionConfirmed
  | HeartbeatAck
  | Pong
  | UnsubscriptionConfirmed
  | SubscriptionList
  | AuthSuccess
  | ConnectionEstablished
  | SessionUpdated
  | ErrorEvent
  | MarketPrice
  | MarketVolume
  | MarketSentiment;

/** By endpoint: the commands with their answers, the messages of the server, and the channels. */
export interface Contract {
  analytics: {
    commands: {
      track_event: {
        body: TrackEvent;
        reply: EventTracked;
        errors: CommonErrorCode | "OUTCOME_UNKNOWN" | "UNAVAILABLE";
      };
      subscribe_dashboard: {
        body: SubscribeDashboard;
        reply: DashboardUpdate;
        errors: CommonErrorCode | "UNAUTHORIZED" | "PERMISSION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe_dashboard: {
        body: UnsubscribeDashboard;
        reply: AnalyticsUnsubscribed;
        errors: CommonErrorCode;
      };
      subscribe_metric: {
        body: SubscribeMetric;
        reply: SubscribedMetric;
        errors:
          | CommonErrorCode
          | "UNAUTHORIZED"
          | "PERMISSION_DENIED"
          | "UNKNOWN_METRIC"
          | "TOO_MANY_SUBSCRIPTIONS"
          | "UNAVAILABLE";
      };
      unsubscribe_metric: {
        body: UnsubscribeMetric;
        reply: UnsubscribedMetric;
        errors: CommonErrorCode | "UNKNOWN_METRIC";
      };
      get_active_users: {
        body: GetActiveUsers;
        reply: ActiveUsers;
        errors: CommonErrorCode | "UNAUTHORIZED" | "PERMISSION_DENIED" | "UNAVAILABLE";
      };
      get_server_stats: {
        body: GetServerStats;
        reply: ServerStatsReport;
        errors: CommonErrorCode | "UNAUTHORIZED" | "PERMISSION_DENIED" | "UNAVAILABLE";
      };
      heartbeat: {
        body: AnalyticsHeartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: AnalyticsMessage;
    channels: {
      "analytics.dashboard": {
        name: "analytics.dashboard";
        push: DashboardUpdate | ActiveUsers;
      };
      "analytics.metric.{metric}": {
        name: `analytics.metric.${string}`;
        push: MetricUpdate;
      };
    };
  };
  "circuit-breaker": {
    commands: {
      subscribe_all: {
        body: SubscribeAll;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      "subscribe:services": {
        body: SubscribeServices;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      "subscribe:layer": {
        body: SubscribeLayer;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "INVALID_LAYER" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      "subscribe:service": {
        body: CircuitBreakerSubscribeService;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "INVALID_SERVICE" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      "service:health_check": {
        body: HealthCheck;
        reply: HealthCheckResult;
        errors: CommonErrorCode | "INVALID_SERVICE" | "HEALTH_CHECK_FAILED" | "UNAVAILABLE";
      };
      "service:reset_circuit_breaker": {
        body: ResetCircuitBreaker;
        reply: CircuitBreakerResetResult;
        errors:
          | CommonErrorCode
          | "UNAUTHORIZED"
          | "PERMISSION_DENIED"
          | "INVALID_SERVICE"
          | "RESET_FAILED"
          | "COMMAND_IN_PROGRESS"
          | "UNAVAILABLE";
      };
      heartbeat: {
        body: Heartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: CircuitBreakerMessage;
    channels: {
      "service.{service}": {
        name: `service.${string}` | "services";
        push: ServiceUpdate | ServicesState;
      };
      "layer.{layer}": {
        name: `layer.${string}`;
        push: LayerUpdate;
      };
      alerts: {
        name: "alerts";
        push: ServiceAlert;
      };
    };
  };
  contest: {
    commands: {
      get_all_contests: {
        body: GetAllContests;
        reply: AllContests;
        errors: CommonErrorCode | "UNAVAILABLE";
      };
      get_contest_state: {
        body: GetContestState;
        reply: ContestState;
        errors: CommonErrorCode | "CONTEST_NOT_FOUND" | "UNAVAILABLE";
      };
      get_participant_status: {
        body: GetParticipantStatus;
        reply: ParticipantUpdate;
        errors: CommonErrorCode | "CONTEST_NOT_FOUND" | "UNAUTHORIZED" | "PERMISSION_DENIED" | "UNAVAILABLE";
      };
      get_leaderboard: {
        body: GetLeaderboard;
        reply: LeaderboardUpdate;
        errors: CommonErrorCode | "CONTEST_NOT_FOUND" | "NOT_ENTERED" | "UNAVAILABLE";
      };
      join_contest_room: {
        body: JoinContestRoom;
        reply: ContestRoomJoined;
        errors: CommonErrorCode | "CONTEST_NOT_FOUND" | "PERMISSION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      leave_contest_room: {
        body: LeaveContestRoom;
        reply: ContestRoomLeft;
        errors: CommonErrorCode | "CONTEST_NOT_FOUND";
      };
      send_chat_message: {
        body: SendChatMessage;
        reply: ChatMessage;
        errors:
          | CommonErrorCode
          | "UNAUTHORIZED"
          | "CONTEST_NOT_FOUND"
          | "NOT_IN_ROOM"
          | "MESSAGE_TOO_LONG"
          | "EMPTY_MESSAGE"
          | "MUTED"
          | "INVALID_STATE"
          | "CHAT_MESSAGE_NOT_FOUND"
          | "OUTCOME_UNKNOWN"
          | "MAINTENANCE"
          | "UNAVAILABLE";
      };
      set_admin_presence: {
        body: SetAdminPresence;
        reply: AdminPresenceUpdated;
        errors: CommonErrorCode | "UNAUTHORIZED" | "PERMISSION_DENIED" | "CONTEST_NOT_FOUND" | "NOT_IN_ROOM";
      };
      get_chat_messages: {
        body: GetChatMessages;
        reply: ChatMessages;
        errors: CommonErrorCode | "CONTEST_NOT_FOUND" | "UNAVAILABLE";
      };
      heartbeat: {
        body: Heartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: ContestMessage;
    channels: {
      "public.contests": {
        name: "public.contests";
        push: ContestState | ContestRemoved | AllContests;
      };
      "contest.{contestId}": {
        name: `contest.${string}`;
        push: ContestState | AdminPresence | SpectatorCount;
      };
      "presence.{contestId}": {
        name: `presence.${string}`;
        push: UserPresence;
      };
      "leaderboard.{contestId}": {
        name: `leaderboard.${string}`;
        push: LeaderboardUpdate;
      };
      "chat.{contestId}": {
        name: `chat.${string}`;
        push: ChatMessage | ChatMessageDeleted;
      };
      "participant.{wallet}.{contestId}": {
        name: `participant.${string}.${string}`;
        push: ParticipantUpdate;
      };
    };
  };
  "market-data": {
    commands: {
      SUBSCRIBE_SYMBOLS: {
        body: SubscribeSymbols;
        reply: SymbolsSubscribed;
        errors: CommonErrorCode | "INVALID_SYMBOLS" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors:
          | CommonErrorCode
          | "INVALID_SYMBOLS"
          | "UNKNOWN_CHANNEL"
          | "SUBSCRIPTION_DENIED"
          | "TOO_MANY_SUBSCRIPTIONS"
          | "UNAVAILABLE";
      };
      UNSUBSCRIBE_SYMBOLS: {
        body: UnsubscribeSymbols;
        reply: SymbolsUnsubscribed;
        errors: CommonErrorCode;
      };
      heartbeat: {
        body: Heartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: MarketDataMessage;
    channels: {
      "market.{symbol}": {
        name: `market.${string}` | "market.*";
        push: MarketPrice | MarketVolume | MarketSentiment;
      };
      "metadata.{symbol}": {
        name: `metadata.${string}` | "metadata.*";
        push: TokenMetadataUpdate;
      };
    };
  };
  monitor: {
    commands: {
      get_system_status: {
        body: GetSystemStatus;
        reply: ServerStatusUpdate;
        errors: CommonErrorCode;
      };
      get_maintenance_status: {
        body: GetMaintenanceStatus;
        reply: MaintenanceStatus;
        errors: CommonErrorCode;
      };
      get_system_settings: {
        body: GetSystemSettings;
        reply: MonitoredSettings;
        errors: CommonErrorCode | "SETTING_NOT_FOUND";
      };
      get_service_status: {
        body: GetServiceStatus;
        reply: MonitoredServiceUpdate;
        errors: CommonErrorCode | "UNAUTHORIZED" | "PERMISSION_DENIED" | "SERVICE_NOT_FOUND";
      };
      get_all_services: {
        body: GetAllServices;
        reply: AllServices;
        errors: CommonErrorCode | "UNAUTHORIZED" | "PERMISSION_DENIED";
      };
      get_recent_errors: {
        body: GetRecentErrors;
        reply: RecentErrors;
        errors: CommonErrorCode | "UNAUTHORIZED" | "PERMISSION_DENIED" | "UNAVAILABLE";
      };
      heartbeat: {
        body: Heartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: MonitorMessage;
    channels: {
      "public.status": {
        name: "public.status";
        push: ServerStatusUpdate;
      };
      "system.status": {
        name: "system.status";
        push: ServerStatusUpdate;
      };
      "system.maintenance": {
        name: "system.maintenance";
        push: MaintenanceStatus;
      };
      "public.background_scene": {
        name: "public.background_scene";
        push: MonitoredSettings;
      };
      "system.settings": {
        name: "system.settings";
        push: MonitoredSettings;
      };
      "system.services": {
        name: "system.services";
        push: MonitoredServiceUpdate | AllServices;
      };
      "system.errors": {
        name: "system.errors";
        push: ErrorAlert;
      };
    };
  };
  notifications: {
    commands: {
      mark_read: {
        body: MarkRead;
        reply: ReadConfirmed;
        errors:
          | CommonErrorCode
          | "UNAUTHORIZED"
          | "NOTIFICATION_NOT_FOUND"
          | "OUTCOME_UNKNOWN"
          | "MAINTENANCE"
          | "UNAVAILABLE";
      };
      mark_all_read: {
        body: MarkAllRead;
        reply: ReadConfirmed;
        errors: CommonErrorCode | "UNAUTHORIZED" | "OUTCOME_UNKNOWN" | "MAINTENANCE" | "UNAVAILABLE";
      };
      get_unread: {
        body: GetUnread;
        reply: NotificationBatch;
        errors: CommonErrorCode | "UNAUTHORIZED" | "UNAVAILABLE";
      };
      get_notifications: {
        body: GetNotifications;
        reply: NotificationBatch;
        errors: CommonErrorCode | "UNAUTHORIZED" | "UNAVAILABLE";
      };
      heartbeat: {
        body: Heartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: NotificationsMessage;
    channels: {
      "user.notifications.{wallet}": {
        name: `user.notifications.${string}`;
        push: NotificationAdded | UnreadCount | ReadConfirmed | NotificationRemoved | NotificationBatch;
      };
      "system.announcements": {
        name: "system.announcements";
        push: NotificationAdded | NotificationRemoved | NotificationBatch;
      };
    };
  };
  skyduel: {
    commands: {
      get_services: {
        body: GetServices;
        reply: ServiceData;
        errors: CommonErrorCode;
      };
      subscribe_service: {
        body: SkyduelSubscribeService;
        reply: ServiceSubscribed;
        errors: CommonErrorCode | "SERVICE_NOT_FOUND" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe_service: {
        body: UnsubscribeService;
        reply: ServiceUnsubscribed;
        errors: CommonErrorCode;
      };
      service_command: {
        body: ServiceCommand;
        reply: ServiceCommandResult;
        errors:
          | CommonErrorCode
          | "UNAUTHORIZED"
          | "PERMISSION_DENIED"
          | "SERVICE_NOT_FOUND"
          | "INVALID_COMMAND"
          | "COMMAND_FAILED"
          | "COMMAND_IN_PROGRESS"
          | "DEPENDENCY_ERROR"
          | "IDEMPOTENCY_CONFLICT"
          | "OUTCOME_UNKNOWN"
          | "UNAVAILABLE";
      };
      heartbeat: {
        body: Heartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: SkyduelMessage;
    channels: {
      "skyduel.{service}": {
        name: `skyduel.${string}` | "skyduel.*";
        push: ManagedServiceUpdate | ServiceData;
      };
    };
  };
  "system-settings": {
    commands: {
      get_all_settings: {
        body: GetAllSettings;
        reply: AllSettings;
        errors: CommonErrorCode;
      };
      get_setting: {
        body: GetSetting;
        reply: SettingFound;
        errors: CommonErrorCode | "SETTING_NOT_FOUND";
      };
      get_category_settings: {
        body: GetCategorySettings;
        reply: CategorySettings;
        errors: CommonErrorCode;
      };
      subscribe_setting: {
        body: SubscribeSetting;
        reply: Subscribed;
        errors: CommonErrorCode | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      subscribe_category: {
        body: SubscribeCategory;
        reply: SubscribedCategory;
        errors: CommonErrorCode | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe_setting: {
        body: UnsubscribeSetting;
        reply: SystemSettingsUnsubscribed;
        errors: CommonErrorCode;
      };
      unsubscribe_category: {
        body: UnsubscribeCategory;
        reply: UnsubscribedCategory;
        errors: CommonErrorCode;
      };
      update_setting: {
        body: UpdateSetting;
        reply: SettingUpdated;
        errors:
          | CommonErrorCode
          | "UNAUTHORIZED"
          | "PERMISSION_DENIED"
          | "VALIDATION_FAILED"
          | "VERSION_CONFLICT"
          | "OUTCOME_UNKNOWN"
          | "UNAVAILABLE";
      };
      heartbeat: {
        body: Heartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: SystemSettingsMessage;
    channels: {
      "setting.{key}": {
        name: `setting.${string}` | `category.${string}`;
        push: SettingUpdate | SettingFound | CategorySettings;
      };
    };
  };
  "token-data": {
    commands: {
      SUBSCRIBE_SYMBOLS: {
        body: SubscribeSymbols;
        reply: SymbolsSubscribed;
        errors: CommonErrorCode | "INVALID_SYMBOLS" | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      UNSUBSCRIBE_SYMBOLS: {
        body: UnsubscribeSymbols;
        reply: SymbolsUnsubscribed;
        errors: CommonErrorCode;
      };
      get_token: {
        body: GetToken;
        reply: TokenData;
        errors: CommonErrorCode | "TOKEN_NOT_FOUND";
      };
      get_all_tokens: {
        body: GetAllTokens;
        reply: TokenListUpdate;
        errors: CommonErrorCode | "TOO_MANY_SUBSCRIPTIONS" | "UNAVAILABLE";
      };
      subscribe: {
        body: Subscribe;
        reply: SubscriptionConfirmed;
        errors:
          | CommonErrorCode
          | "INVALID_SYMBOLS"
          | "UNKNOWN_CHANNEL"
          | "SUBSCRIPTION_DENIED"
          | "TOO_MANY_SUBSCRIPTIONS"
          | "UNAVAILABLE";
      };
      heartbeat: {
        body: Heartbeat;
        reply: HeartbeatAck;
        errors: CommonErrorCode;
      };
      ping: {
        body: Ping;
        reply: Pong;
        errors: CommonErrorCode;
      };
      unsubscribe: {
        body: Unsubscribe;
        reply: UnsubscriptionConfirmed;
        errors: CommonErrorCode | "UNKNOWN_CHANNEL" | "SUBSCRIPTION_DENIED";
      };
      get_subscriptions: {
        body: GetSubscriptions;
        reply: SubscriptionList;
        errors: CommonErrorCode;
      };
      auth: {
        body: Authenticate;
        reply: AuthSuccess;
        errors: CommonErrorCode | "UNAUTHORIZED" | "TOO_MANY_CONNECTIONS" | "UNAVAILABLE";
      };
    };
    message: TokenDataMessage;
    channels: {
      "market.{symbol}": {
        name: `market.${string}` | "market.*";
        push: MarketPrice | MarketVolume | MarketSentiment;
      };
      "token.{symbol}": {
        name: `token.${string}` | "token.*";
        push: TokenData;
      };
      "public.tokens": {
        name: "public.tokens";
        push: TokenListUpdate;
      };
      "public.token_list": {
        name: "public.token_list";
        push: TokenListUpdate;
      };
    };
  };
}

/** The names of the endpoints. */
export type EndpointName = keyof Contract;

/** The `type` of each command of an endpoint. */
export type CommandOf<E extends EndpointName> = keyof Contract[E]["commands"] & string;

/** The members of a command besides `type` and `requestId`. */
export type BodyOf<E extends EndpointName, C extends CommandOf<E>> = Contract[E]["commands"][C] extends {
  body: infer Body;
}
  ? Body
  : never;

/** The message that answers a command. */
export type ReplyOf<E extends EndpointName, C extends CommandOf<E>> = Contract[E]["commands"][C] extends {
  reply: infer Reply;
}
  ? Reply
  : never;

/** The codes of the errors that may answer a command. */
export type ErrorCodeOf<E extends EndpointName, C extends CommandOf<E>> = Contract[E]["commands"][C] extends {
  errors: infer Code;
}
  ? Code
  : never;

/** The `type` of each message that the server sends on an endpoint. */
export type TypeOf<E extends EndpointName> = Contract[E]["message"]["type"];

/** The message with the `type` T. */
export type MessageOf<E extends EndpointName, T extends TypeOf<E>> = Extract<Contract[E]["message"], { type: T }>;

type Families<E extends EndpointName> = Contract[E]["channels"][keyof Contract[E]["channels"]];

/** The names of the channels and groups of an endpoint. */
export type ChannelOf<E extends EndpointName> = Families<E> extends { name: infer Name } ? Name : never;

/** The messages that are published on a channel or to a group. */
export type PushOf<E extends EndpointName, Channel extends ChannelOf<E>> =
  Families<E> extends infer Family
    ? Family extends { name: infer Name; push: infer Push }
      ? Channel extends Name
        ? Push
        : never
      : never
    : never;
