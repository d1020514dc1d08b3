// The messages of the endpoints. Written by `make docs` from the AsyncAPI document; do not edit.

/**
 * An active wallet. `zone` is the most recent zone that the wallet named on any of its open connections. Times are in
 * epoch milliseconds; `connectedAtMs` is when the wallet's oldest open connection began.
 */
export interface ActiveUser {
  wallet_address: string;
  nickname: string | null;
  role: string;
  zone: string | null;
  lastActivityMs: number;
  connectedAtMs: number;
  connections: number;
  endpoints: string[];
}

/** A change of a breaker or of the health of a service, published once. */
export interface Alert {
  id: string;
  type: "circuit_closed" | "circuit_half_open" | "circuit_open" | "health_failed" | "health_recovered" | (string & {});
  severity: "critical" | "info" | "warning" | (string & {});
  message: string;
}

/**
 * The breaker of a service. `failures` is the number of failures in a row; `failure_rate` is the percentage of failed
 * calls in the window, or null without calls; `recovery_attempts` counts the half-open periods that failed since the
 * breaker was last closed.
 */
export interface BreakerRecord {
  status: "closed" | "degraded" | "disabled" | "half_open" | "initializing" | "open" | (string & {});
  is_open: boolean;
  details: string;
  failures: number;
  failure_rate: number | null;
  last_failure: string | null;
  last_success: string | null;
  opened_at: string | null;
  next_attempt_at: string | null;
  recovery_attempts: number;
  last_reset: string | null;
}

/** The breaker of a service, in short. If `is_open` is true, no call is let through. */
export interface BreakerSummary {
  status: "closed" | "degraded" | "disabled" | "half_open" | "initializing" | "open" | (string & {});
  is_open: boolean;
}

/** Calls since the start. Calls that the breaker refused are counted in `rejected` and not in `total`. */
export interface CallCounts {
  total: number;
  successful: number;
  failed: number;
  rejected: number;
}

/** A channel, and the position to resume from. */
export interface ChannelSince {
  /** A channel or group name. */
  channel: string;
  since?: Since | undefined;
}

/** The targets that may be followed: the group of all services, and the names of layers and services. */
export interface Channels {
  all: string;
  layers: string[];
  services: string[];
}

/** A stored message; `messageId` is the id that the sender gave it. */
export interface ChatMessageRecord {
  id: number;
  contestId: number;
  sender: Sender;
  text: string;
  timestamp: string;
  isAdmin: boolean;
  messageId?: string;
}

/** The rights of this connection. */
export interface CircuitBreakerCapabilities {
  subscribe: boolean;
  healthCheck: boolean;
  resetCircuitBreaker: boolean;
  adminAccess: boolean;
}

/** Open connections. `admin`, `user` and `anonymous` add up to `total`, and so do the counts in `byEndpoint`. */
export interface ConnectionCounts {
  total: number;
  admin: number;
  user: number;
  anonymous: number;
  byEndpoint: Record<string, number>;
}

/** The rights of this connection. */
export interface ContestCapabilities {
  contests: boolean;
  chat: boolean;
  leaderboard: boolean;
  participant: boolean;
  admin: boolean;
}

/**
 * A contest. Fees and prizes are decimal strings in `currency`; `max_participants` is null if there is no limit.
 *
 * `created_by`, `created_at` and `muted` (wallets) are sent only to admins.
 */
export interface ContestView {
  id: number;
  contest_code: string;
  name: string;
  description: string | null;
  image_url: string | null;
  start_time: string;
  end_time: string;
  status: "active" | "cancelled" | "completed" | "pending" | (string & {});
  entry_fee: string;
  prize_pool: string;
  currency: string;
  payout: Payout[];
  min_participants: number;
  max_participants: number | null;
  starting_balance: number;
  allowed_symbols: string[];
  rules: string | null;
  participantCount: number;
  spectatorCount: number;
  hasAdminPresence: boolean;
  cancellation_reason: string | null;
  updated_at: string;
  created_by?: string;
  created_at?: string;
  muted?: string[];
}

/** `count` equal errors of a service that occurred within 10 s. Secrets are removed from the texts. */
export interface ErrorRecord {
  id: number;
  service: string;
  source: string;
  level: "critical" | "debug" | "error" | "info" | "warning" | (string & {});
  error: string;
  timestamp: string;
  details: Record<string, unknown>;
  count: number;
}

/** How often an event was received. */
export interface EventCount {
  event: string;
  count: number;
}

/** How many events clients sent since the start, and how many of them were stored. */
export interface EventCounts {
  received: number;
  stored: number;
}

/** An event that was stored, and when it was received. */
export interface EventRecord {
  wallet: string;
  event: string;
  timestamp: string;
}

/**
 * An event to track. `data` is at most 16 KiB of JSON. Each `eventId` of a wallet is stored only once. `occurredAt`,
 * meant for clients that were offline, must be at most 24 h in the past and at most 5 min in the future.
 */
export interface GivenEvent {
  /** 1 to 64 of A-Z a-z 0-9 _ . : - */
  event: string;
  data?: Record<string, unknown> | undefined;
  eventId?: string | undefined;
  occurredAt?: string | undefined;
}

/** A token in a portfolio. `weight` is the weight last chosen; the other figures are null before the start. */
export interface Holding {
  symbol: string;
  weight: number;
  quantity: number | null;
  price: number | null;
  value: number | null;
}

/** A service in its layer. */
export interface LayerMember {
  service: string;
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  circuit_breaker: BreakerSummary;
}

/** A page of a leaderboard that has `total` rows; `version` grows with each ranking. */
export interface Leaderboard {
  contestId: number;
  entries: LeaderboardRow[];
  offset: number;
  limit: number;
  total: number;
  version: number;
  updatedAt: string;
}

/** `rankChange` = rank at the last full minute − rank now; 0 for new rows. */
export interface LeaderboardRow {
  rank: number;
  wallet: string;
  nickname: string | null;
  value: number;
  returnPct: number;
  rankChange: number;
  entryTime: string;
}

/** The limits of a connection; null means no limit. */
export interface Limits {
  maxMessageBytes: number;
  messagesPerMinute: number | null;
  maxSubscriptions: number | null;
}

/**
 * The state of maintenance. `mode` says whether the server is under maintenance. `until` is present if maintenance ends
 * by itself; `updated_by` is present in replies to admins.
 */
export interface MaintenanceRecord {
  mode: boolean;
  message: string | null;
  updated_at: string | null;
  until?: string;
  updated_by?: string | null;
}

/** The number of messages from and to clients since the start, and per second over the last few seconds. */
export interface MessageCounts {
  received: number;
  sent: number;
  perSecondIn: number;
  perSecondOut: number;
}

/**
 * `value` is null if it is not known. `events` and `skipped` are present only for the metric `event`. `events` lists
 * the newest of the events that `value` counts; `skipped` is how many more it counts.
 */
export interface MetricData {
  value: number | null;
  timestamp: string;
  events?: EventRecord[];
  skipped?: number;
}

/** The rights of this connection. */
export interface MonitorCapabilities {
  status: boolean;
  maintenance: boolean;
  settings: boolean;
  services: boolean;
  errors: boolean;
}

/** A service in the list of all services. */
export interface NamedHealth {
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  metrics: Record<string, number | null>;
  updated_at: string;
  name: string;
}

/** A notification. `link` is an `https:` URL or a path. For announcements, `read` is always false. */
export interface Notification {
  id: number;
  type: string;
  title: string;
  content: string;
  priority: "high" | "low" | "medium" | "urgent" | (string & {});
  link: string | null;
  data: Record<string, unknown>;
  timestamp: string;
  read: boolean;
  read_at: string | null;
  expires_at: string | null;
}

/** The rights of this connection. */
export interface NotificationsCapabilities {
  inbox: boolean;
  announcements: boolean;
}

/** The outcome of a command. */
export interface Outcome {
  success: boolean;
  message: string;
  data?: Record<string, unknown>;
}

/** A wallet in a contest. Until the contest is completed, `portfolio` is sent only to its owner and to admins. */
export interface Participant {
  isParticipant: boolean;
  walletAddress: string;
  nickname?: string | null;
  status?: "active" | "disqualified" | "finished" | "registered" | (string & {});
  entryTime?: string;
  initialBalance?: number;
  portfolioValue?: number;
  returnPct?: number;
  rank?: number | null;
  totalParticipants?: number;
  portfolio?: Holding[];
  prize?: string;
  finalRank?: number;
}

/** `percent` of the prize pool goes to `place`. */
export interface Payout {
  place: number;
  percent: number;
}

/** How long calls took; null without calls. */
export interface Performance {
  averageOperationTimeMs: number | null;
  lastOperationTimeMs: number | null;
  p95OperationTimeMs: number | null;
}

/** `stale` says whether the feed, or the symbol itself, has been silent for longer than the settings allow. */
export interface Price {
  symbol: string;
  price: number;
  change_24h: number | null;
  volume_24h: number | null;
  high_24h: number | null;
  low_24h: number | null;
  timestamp: string;
  source: string;
  stale: boolean;
}

/**
 * The server process. `cpuPercent` is the percentage of one core over the last few seconds; `eventLoopLagMs` is the
 * most recent delay of the event loop.
 */
export interface ProcessFigures {
  cpuPercent: number;
  memoryBytes: number;
  eventLoopLagMs: number;
}

/** A user in the list of a room's members. */
export interface RoomMember {
  wallet: string;
  nickname: string | null;
  role: "admin" | "participant" | "spectator" | (string & {});
}

/** A user in a room. */
export interface RoomUser {
  wallet: string;
  nickname: string | null;
}

/** The author of a message, as of the time of writing. */
export interface Sender {
  wallet: string;
  nickname: string | null;
  role: string;
}

/** buy_pressure = buy volume / volume over 15 m; score = buy − sell pressure; all 0 without trades. */
export interface Sentiment {
  symbol: string;
  sentiment_score: number;
  buy_pressure: number;
  sell_pressure: number;
  volume_trend: "decreasing" | "increasing" | "stable" | (string & {});
  timestamp: string;
}

/** Figures of the server. `startTimeMs` is in epoch milliseconds. */
export interface ServerStats {
  startTimeMs: number;
  uptimeMs: number;
  connections: ConnectionCounts;
  messages: MessageCounts;
  events: EventCounts;
  activeUsers: number;
  process: ProcessFigures;
  nodes: number;
}

/**
 * The server as a whole. Fields after `timestamp` are only for signed-in users; `affected` has the names of the
 * services that do not work as they should.
 */
export interface ServerStatus {
  status: "degraded" | "maintenance" | "online" | (string & {});
  message: string;
  timestamp: string;
  version?: string;
  uptime_seconds?: number;
  connections?: number;
  affected?: string[];
}

/** A service, as shown on the endpoint `monitor`. */
export interface ServiceHealth {
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  metrics: Record<string, number | null>;
  updated_at: string;
}

/** A service, as shown to those who depend on it. */
export interface ServiceState {
  service: string;
  displayName: string;
  layer: string;
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  circuit_breaker: BreakerRecord;
  operations: CallCounts;
  performance: Performance;
  config: Record<string, unknown>;
  dependencies: string[];
  updated_at: string;
}

/**
 * The present state of a setting.
 *
 * `name` is the key without the category; `category` is null if the key has no dot. `value` is null if it is secret.
 * `version` is 0, and `updatedAt` null, while no value is stored. `updatedBy` is sent only to admins.
 */
export interface Setting {
  key: string;
  name: string;
  category: string | null;
  value: unknown;
  value_type: "boolean" | "json" | "number" | "string" | (string & {});
  description: string;
  visibility: "admin" | "public" | "user" | (string & {});
  secret: boolean;
  version: number;
  updatedAt: string | null;
  updatedBy?: string | null;
}

/** A position: the `seq` of the last message that the client handled, and the `epoch` of that `seq`. */
export interface Since {
  /** 1 to 32 of A-Z a-z 0-9 _ - */
  epoch: string;
  seq: number;
}

/** A service, as shown to those who manage it. */
export interface SkyDuelService {
  name: string;
  displayName: string;
  description: string;
  version: string;
  kind: "internal" | "probe" | "reported" | (string & {});
  layer: string;
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  isRunning: boolean;
  hasActiveCircuitBreaker: boolean;
  dependencies: string[];
  dependents: string[];
  commands: string[];
  lastUpdate: string;
  startedAt: string | null;
  restarts: number;
  metrics: Record<string, number | null>;
}

/** A channel or group that the connection follows; `seq` is null for a group. */
export interface Subscription {
  channel: string;
  kind: "every" | "latest" | (string & {});
  seq: number | null;
}

/**
 * A token. Market fields are amounts in the quote currency, except `change_24h`, which is in percent. Unknown fields
 * are null.
 */
export interface Token {
  symbol: string;
  name: string | null;
  address: string | null;
  decimals: number | null;
  image_url: string | null;
  description: string | null;
  color: string | null;
  socials: Record<string, string>;
  websites: Website[];
  status: "active" | "inactive" | (string & {});
  updated_at: string;
  price: number | null;
  change_24h: number | null;
  volume_24h: number | null;
  market_cap: number | null;
  fdv: number | null;
  liquidity: number | null;
}

/** A token without its market fields. */
export interface TokenMetadata {
  symbol: string;
  name: string | null;
  address: string | null;
  decimals: number | null;
  image_url: string | null;
  description: string | null;
  color: string | null;
  socials: Record<string, string>;
  websites: Website[];
  status: "active" | "inactive" | (string & {});
  updated_at: string;
}

/**
 * A stored event. `duplicate` is true if an event with this id had already been stored; the new one is then ignored.
 */
export interface TrackedEvent {
  event: string;
  eventId: string;
  duplicate: boolean;
}

/** The user that a connection belongs to. */
export interface User {
  wallet_address: string;
  nickname: string | null;
  role: string;
}

/** Volumes in the quote currency; buy and sell refer to the taker's side. */
export interface Volume {
  symbol: string;
  volume: number;
  trades_count: number;
  buy_volume: number;
  sell_volume: number;
  interval: "15m" | "1d" | "1h" | "1m" | "4h" | "5m" | (string & {});
  timestamp: string;
}

/** A link of a token. */
export interface Website {
  label: string;
  url: string;
}

/** Active users: at most 500, the most recently active first; `count` includes all. */
export interface ActiveUsers {
  type: "active_users";
  users: ActiveUser[];
  count: number;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** Whether at least one visible admin is in the room. */
export interface AdminPresence {
  type: "admin_presence";
  contestId: number;
  active: boolean;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The admin is now shown or hidden. */
export interface AdminPresenceUpdated {
  type: "admin_presence_updated";
  contestId: number;
  visibility: "invisible" | "visible" | (string & {});
  timestamp: string;
  requestId?: string;
}

/** A page of contests. The last page has no `nextCursor`. */
export interface AllContests {
  type: "all_contests";
  data: ContestView[];
  nextCursor?: string;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** All services. */
export interface AllServices {
  type: "all_services";
  data: NamedHealth[];
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** Settings by key. `version` is the highest of their versions, or 0 if there are no settings. */
export interface AllSettings {
  type: "all_settings";
  settings: Record<string, Setting>;
  version: number;
  timestamp: string;
  requestId?: string;
}

/** The dashboard is no longer followed. */
export interface AnalyticsUnsubscribed {
  type: "unsubscribed";
  dashboard: true;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface AnalyticsWelcome {
  type: "welcome";
  message: string;
  isAdmin: boolean;
  timestamp: string;
}

/** The token is valid. */
export interface AuthSuccess {
  type: "auth_success";
  user: User | null;
  expiresAt: string;
  timestamp: string;
  requestId?: string;
}

/** The settings of a category by key; empty if the category is unknown. */
export interface CategorySettings {
  type: "category_settings";
  category: string;
  settings: Record<string, Setting>;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** A stored message. `duplicate` is present if a `messageId` was sent again. */
export interface ChatMessage {
  type: "chat_message";
  contestId: number;
  data: ChatMessageRecord;
  duplicate?: boolean;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** An admin deleted a message. */
export interface ChatMessageDeleted {
  type: "chat_message_deleted";
  contestId: number;
  id: number;
  channel: string;
  seq?: number;
  timestamp: string;
  requestId?: string;
}

/** Messages in the order of their ids; `hasMore` is true if there are more in the requested direction. */
export interface ChatMessages {
  type: "chat_messages";
  contestId: number;
  data: ChatMessageRecord[];
  hasMore: boolean;
  timestamp: string;
  requestId?: string;
}

/** The breaker is closed. */
export interface CircuitBreakerResetResult {
  type: "service:circuit_breaker_reset_result";
  service: string;
  success: true;
  status: "closed" | "degraded" | "disabled" | "half_open" | "initializing" | "open" | (string & {});
  details: string;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface CircuitBreakerWelcome {
  type: "welcome";
  capabilities: CircuitBreakerCapabilities;
  channels: Channels;
  timestamp: string;
}

/** Ends the greeting; pushes follow. `positions` contains the positions of the *every* channels that were joined. */
export interface ConnectionEstablished {
  type: "connection_established";
  connectionId: string;
  endpoint: string;
  authenticated: boolean;
  user: User | null;
  expiresAt: string | null;
  epoch: string;
  positions: Record<string, number>;
  heartbeatIntervalMs: number;
  serverVersion: string;
  contract: number;
  limits: Limits;
  timestamp: string;
}

/** A contest left the default list. */
export interface ContestRemoved {
  type: "contest_removed";
  contestId: number;
  channel: string;
  seq: number;
  timestamp: string;
}

/**
 * The current state of the room. `members` has at most 100 entries, most recently joined first. `recovered` is present
 * if a `since` was given. If it is true, the chat messages after that position follow; otherwise the last 20 messages
 * follow, and replace those that the client had.
 */
export interface ContestRoomJoined {
  type: "contest_room_joined";
  contestId: number;
  role: "admin" | "participant" | "spectator" | (string & {});
  members: RoomMember[];
  memberCount: number;
  spectatorCount: number;
  positions: Record<string, number>;
  recovered?: boolean;
  timestamp: string;
  requestId?: string;
}

/** No further push of this contest is sent, except on `public.contests`. */
export interface ContestRoomLeft {
  type: "contest_room_left";
  contestId: number;
  timestamp: string;
  requestId?: string;
}

/** The present state of a contest. */
export interface ContestState {
  type: "contest_state";
  contestId: number;
  data: ContestView;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface ContestWelcome {
  type: "welcome";
  message: string;
  capabilities: ContestCapabilities;
  timestamp: string;
}

/**
 * The present state. `topEvents` covers the past 24 hours. `eventsPerMinute` covers the past 60 minutes, oldest first,
 * and ends with the current minute.
 */
export interface DashboardUpdate {
  type: "dashboard_update";
  stats: ServerStats;
  activeUsers: number;
  topEvents: EventCount[];
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
  data: ErrorRecord;
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/**
 * Says why a message had no effect, or why the connection ends.
 *
 * `field` is the path of the invalid field. `errorId` is the id of the defect's log entry. `scope` is the limit that
 * was reached (`server`, `ip` or `user`). `current` is the stored setting that a change conflicts with. `commands` are
 * the commands that the service accepts, and `dependents` are the services that depend on the service.
 */
export interface ErrorEvent {
  type: "error";
  code: string;
  message: string;
  field?: string;
  retryAfterMs?: number;
  errorId?: string;
  scope?: string;
  current?: Record<string, unknown> | null;
  commands?: string[];
  dependents?: string[];
  timestamp: string;
  requestId?: string;
}

/**
 * The event or events are stored. `events` lists them in the order in which they were sent; a single event is described
 * by the other fields instead.
 */
export interface EventTracked {
  type: "event_tracked";
  event?: string;
  eventId?: string;
  duplicate?: boolean;
  events?: TrackedEvent[];
  timestamp: string;
  requestId?: string;
}

/** The result of a check. If the service is unhealthy, that too is sent as a result, not as an error. */
export interface HealthCheckResult {
  type: "service:health_check_result";
  service: string;
  healthy: boolean;
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  latency_ms: number;
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

/**
 * A layer with its services. `status` is `critical` if a service is `circuit_open` or `unhealthy`, otherwise `warning`
 * if a service is `degraded` or `stopped`. It is `unknown` if there are no services or all are `unknown`, and otherwise
 * `operational`.
 */
export interface LayerUpdate {
  type: "layer:status";
  layer: string;
  status: "critical" | "operational" | "unknown" | "warning" | (string & {});
  services: LayerMember[];
  channel: string;
  seq: number;
  timestamp: string;
}

/** A page of the leaderboard; pushes contain the top 100. */
export interface LeaderboardUpdate {
  type: "leaderboard_update";
  contestId: number;
  data: Leaderboard;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** Maintenance began, changed or ended. */
export interface MaintenanceStatus {
  type: "maintenance_status";
  data: MaintenanceRecord;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** The current record of a service. If `removed` is true, the service no longer exists. */
export interface ManagedServiceUpdate {
  type: "service_update";
  service: SkyDuelService;
  removed?: boolean;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/**
 * Says why a message had no effect, or why the connection ends.
 *
 * `field` is the path of the invalid field. `errorId` is the id of the defect's log entry. `scope` is the limit that
 * was reached (`server`, `ip` or `user`). `current` is the stored setting that a change conflicts with. `commands` are
 * the commands that the service accepts, and `dependents` are the services that depend on the service.
 */
export interface MarketDataErrorEvent {
  type: "ERROR";
  code: string;
  message: string;
  field?: string;
  retryAfterMs?: number;
  errorId?: string;
  scope?: string;
  current?: Record<string, unknown> | null;
  commands?: string[];
  dependents?: string[];
  timestamp: string;
  requestId?: string;
}

/** The price, its source or its staleness changed. */
export interface MarketPrice {
  type: "MARKET_PRICE";
  data: Price;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The balance of buying and selling changed. */
export interface MarketSentiment {
  type: "MARKET_SENTIMENT";
  data: Sentiment;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The volume of a window changed. */
export interface MarketVolume {
  type: "MARKET_VOLUME";
  data: Volume;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The value of a metric. */
export interface MetricUpdate {
  type: "metric_update";
  metric: string;
  data: MetricData;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface MonitorWelcome {
  type: "welcome";
  capabilities: MonitorCapabilities;
  timestamp: string;
}

/** The current health of a service. If `removed` is true, the service no longer exists. */
export interface MonitoredServiceUpdate {
  type: "service_status";
  service: string;
  data: ServiceHealth;
  removed?: boolean;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/**
 * Settings. If `subtype` is `all` or `update`, `data` has values by key; otherwise `subtype` is a key, and `data` is
 * its value. A secret value is null.
 */
export interface MonitoredSettings {
  type: "system_settings";
  subtype: string;
  data: unknown;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** A new notification. */
export interface NotificationAdded {
  type: "notification";
  data: Notification;
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/**
 * Notifications, newest first. `nextCursor`, if present, is the cursor of the next page; if `subtype` is `unread`, send
 * it together with `onlyUnread`.
 */
export interface NotificationBatch {
  type: "notification_batch";
  data: Notification[];
  count: number;
  hasMore: boolean;
  subtype?: "announcements" | "unread" | (string & {});
  nextCursor?: string;
  timestamp: string;
  requestId?: string;
  channel?: string;
}

/** These notifications were deleted or have expired. */
export interface NotificationRemoved {
  type: "notification_removed";
  ids: number[];
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface NotificationsWelcome {
  type: "welcome";
  capabilities: NotificationsCapabilities;
  timestamp: string;
}

/** Rank, value or status of a participant. */
export interface ParticipantUpdate {
  type: "participant_update";
  contestId: number;
  wallet: string;
  data: Participant;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/**
 * `timestamp` is the value that the client sent, or the server's time if it sent none; `serverTime` is always the
 * server's time.
 */
export interface Pong {
  type: "pong";
  timestamp: number | string;
  serverTime: string;
  requestId?: string;
}

/**
 * The notifications `ids` are now read or, if `all` is true, all notifications (of the given `types`, if present).
 * `count` is how many of them were unread before.
 */
export interface ReadConfirmed {
  type: "read_confirmed";
  count: number;
  ids?: number[];
  all?: boolean;
  types?: string[];
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/**
 * Errors, newest first. `totalErrors` is the number of records that match; `service` is the requested service, or null.
 */
export interface RecentErrors {
  type: "recent_errors";
  data: ErrorRecord[];
  count: number;
  totalErrors: number;
  service: string | null;
  timestamp: string;
  requestId?: string;
}

/** Statistics of the server. */
export interface ServerStatsReport {
  type: "server_stats";
  stats: ServerStats;
  timestamp: string;
  requestId?: string;
}

/** The status of the server. */
export interface ServerStatusUpdate {
  type: "SERVER_STATUS_UPDATE";
  data: ServerStatus;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** A breaker or the health of a service changed. */
export interface ServiceAlert {
  type: "service:alert";
  service: string;
  alert: Alert;
  circuit_breaker: BreakerRecord;
  channel: string;
  seq: number;
  timestamp: string;
  requestId?: string;
}

/** The command has taken effect. */
export interface ServiceCommandResult {
  type: "service_command_result";
  serviceName: string;
  command: string;
  result: Outcome;
  durationMs: number;
  timestamp: string;
  requestId?: string;
}

/** All services. */
export interface ServiceData {
  type: "service_data";
  services: SkyDuelService[];
  timestamp: string;
  requestId?: string;
  channel?: string;
}

/** The service is followed; its state comes next, then every change. */
export interface ServiceSubscribed {
  type: "service_subscribed";
  serviceName: string;
  timestamp: string;
  requestId?: string;
}

/** The service is no longer followed, unless all services are followed. */
export interface ServiceUnsubscribed {
  type: "service_unsubscribed";
  serviceName: string;
  timestamp: string;
  requestId?: string;
}

/** The new state of a service. If `removed` is true, the service no longer exists. */
export interface ServiceUpdate {
  type: "service:update";
  service: string;
  displayName: string;
  layer: string;
  status: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  circuit_breaker: BreakerRecord;
  operations: CallCounts;
  performance: Performance;
  config: Record<string, unknown>;
  dependencies: string[];
  updated_at: string;
  previousStatus?: "circuit_open" | "degraded" | "healthy" | "stopped" | "unhealthy" | "unknown" | (string & {});
  alert?: Alert;
  checked_by?: "admin" | "system" | (string & {});
  reset_by?: "admin" | "system" | (string & {});
  removed?: boolean;
  channel: string;
  seq: number;
  timestamp: string;
}

/** All services. */
export interface ServicesState {
  type: "services:state";
  services: ServiceState[];
  timestamp: string;
  channel?: string;
}

/** The role, nickname or token of this connection changed on the server. */
export interface SessionUpdated {
  type: "session_updated";
  user: User | null;
  timestamp: string;
}

/** The current state of a setting. */
export interface SettingFound {
  type: "setting";
  key: string;
  setting: Setting;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/**
 * A setting changed. `setting` is null if it no longer exists; `previous` is the value before, or null if there was
 * none, if it was secret, or if fewer people could see the setting then than now.
 */
export interface SettingUpdate {
  type: "setting_update";
  key: string;
  setting: Setting | null;
  previous: unknown;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The change is stored. */
export interface SettingUpdated {
  type: "setting_updated";
  key: string;
  setting: Setting;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface SkyduelWelcome {
  type: "welcome";
  message: string;
  connectionId: string;
  timestamp: string;
}

/** How many spectators are in the room. */
export interface SpectatorCount {
  type: "spectator_count";
  contestId: number;
  count: number;
  channel: string;
  seq: number;
  timestamp: string;
}

/** The setting is followed; its state comes next as a `setting`, if the setting exists. */
export interface Subscribed {
  type: "subscribed";
  key: string;
  timestamp: string;
  requestId?: string;
}

/** The category is followed; its `category_settings` comes next. */
export interface SubscribedCategory {
  type: "subscribed_category";
  category: string;
  timestamp: string;
  requestId?: string;
}

/** The metric is followed; its current value comes next. */
export interface SubscribedMetric {
  type: "subscribed_metric";
  metric: string;
  timestamp: string;
  requestId?: string;
}

/**
 * The channel is followed. Its snapshot or the missed messages come next; `seq` is the position at which they end (null
 * for a group).
 *
 * `recovered` is present if a `since` was given, or after the server lost its connection to the bus.
 */
export interface SubscriptionConfirmed {
  type: "subscription_confirmed";
  channel: string;
  kind: "every" | "latest" | (string & {});
  epoch: string;
  seq: number | null;
  recovered?: boolean;
  timestamp: string;
  requestId?: string;
}

/** All subscriptions of the connection, in the order of joining. */
export interface SubscriptionList {
  type: "subscriptions";
  data: Subscription[];
  timestamp: string;
  requestId?: string;
}

/**
 * `symbols` lists those of the requested symbols that are followed now, in upper case and without duplicates, or is
 * `["*"]`; the current state of each comes next. `unknown` symbols are not followed.
 */
export interface SymbolsSubscribed {
  type: "symbols_subscribed";
  symbols: string[];
  unknown: string[];
  timestamp: string;
  requestId?: string;
}

/** No further push of these symbols is sent, unless every symbol is followed (`*`). */
export interface SymbolsUnsubscribed {
  type: "symbols_unsubscribed";
  symbols: string[];
  timestamp: string;
  requestId?: string;
}

/** The setting is no longer followed, unless its category is followed. */
export interface SystemSettingsUnsubscribed {
  type: "unsubscribed";
  key: string;
  timestamp: string;
  requestId?: string;
}

/** The first frame of a connection, or the second if the token was sent in a message. */
export interface SystemSettingsWelcome {
  type: "welcome";
  canWrite: boolean;
  timestamp: string;
}

/** One token with its market fields. */
export interface TokenData {
  type: "token_data";
  symbol: string;
  data: Token;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** On token-data: the complete list of tokens. */
export interface TokenListUpdate {
  type: "token_update";
  data: Token[];
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** On market-data: the tokens whose metadata changed, without their market fields. */
export interface TokenMetadataUpdate {
  type: "token_update";
  data: TokenMetadata[];
  channel: string;
  seq: number;
  timestamp: string;
}

/** How many unread notifications are stored. `version` increases with each change to the user's notifications. */
export interface UnreadCount {
  type: "unread_count";
  count: number;
  version: number;
  timestamp: string;
  requestId?: string;
  channel?: string;
  seq?: number;
}

/** The category is no longer followed. */
export interface UnsubscribedCategory {
  type: "unsubscribed_category";
  category: string;
  timestamp: string;
  requestId?: string;
}

/** The metric is no longer followed. */
export interface UnsubscribedMetric {
  type: "unsubscribed_metric";
  metric: string;
  timestamp: string;
  requestId?: string;
}

/**
 * No further message of the channel is sent. If the server itself ended the subscription, `reason` says why (`rights`).
 */
export interface UnsubscriptionConfirmed {
  type: "unsubscription_confirmed";
  channel: string;
  reason?: string;
  timestamp: string;
  requestId?: string;
}

/** A user entered or left the room. */
export interface UserPresence {
  type: "user_presence";
  contestId: number;
  action: "join" | "leave" | (string & {});
  user: RoomUser;
  channel: string;
  seq: number;
  timestamp: string;
}

/**
 * Shows that the user is present, and in which `zone`; the zone applies until another is named or the connection ends.
 */
export interface AnalyticsHeartbeat {
  zone?: string | undefined;
}

/** Refreshes the token, or signs in an anonymous connection. */
export interface Authenticate {
  token: string;
}

/** Follows a service. */
export interface CircuitBreakerSubscribeService {
  /** 1 to 64 of a-z 0-9 _ - */
  service: string;
}

/** Asks for the active users. */
export type GetActiveUsers = Record<string, never>;

/**
 * Asks for the default list (pending and active contests, then those that ended within the last day) or, with `status`,
 * for all contests with that status; each latest start first. Also follows `public.contests`.
 */
export interface GetAllContests {
  status?: "active" | "cancelled" | "completed" | "pending" | undefined;
  limit?: number | undefined;
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
  /** 1 to 127 of a-z 0-9 _ - */
  category: string;
}

/** Asks for the messages before or after a given one, or for the newest. */
export interface GetChatMessages {
  contestId: number | string;
  beforeId?: number | undefined;
  afterId?: number | undefined;
  limit?: number | undefined;
}

/** Asks for a contest, and follows it. */
export interface GetContestState {
  contestId: number | string;
}

/**
 * Asks for a page of the leaderboard, and follows its top. With `around`, which names a wallet, the page has the rows
 * around that wallet's row.
 */
export interface GetLeaderboard {
  contestId: number | string;
  limit?: number | undefined;
  offset?: number | undefined;
  around?: string | undefined;
}

/** Asks whether maintenance is in progress. */
export type GetMaintenanceStatus = Record<string, never>;

/** Asks for a page of notifications, newest first; `cursor` is the `nextCursor` of the previous page. */
export interface GetNotifications {
  limit?: number | undefined;
  cursor?: string | undefined;
  types?: readonly string[] | undefined;
  onlyUnread?: boolean | undefined;
}

/**
 * Asks for the row of a wallet, by default the caller's own. The owner of the wallet and admins also follow the row;
 * others see it only once the contest is completed.
 */
export interface GetParticipantStatus {
  contestId: number | string;
  wallet?: string | undefined;
}

/** Asks for the newest errors, optionally only those of a service or a level. */
export interface GetRecentErrors {
  limit?: number | undefined;
  service?: string | undefined;
  level?: "critical" | "debug" | "error" | "info" | "warning" | undefined;
}

/** Asks for the statistics of the server. */
export type GetServerStats = Record<string, never>;

/** Asks for the health of a service. */
export interface GetServiceStatus {
  /** 1 to 64 of a-z 0-9 _ - */
  service: string;
}

/** Asks for all services. */
export type GetServices = Record<string, never>;

/** Asks for one setting. */
export interface GetSetting {
  /** 1 to 128 of a-z 0-9 _ . - */
  key: string;
}

/** Lists the subscriptions of the connection. */
export type GetSubscriptions = Record<string, never>;

/** Asks for the value of a setting, or for the values of all settings that this connection may see. */
export interface GetSystemSettings {
  key?: string | undefined;
}

/** Asks for the status of the server. */
export type GetSystemStatus = Record<string, never>;

/** Asks for one token. */
export interface GetToken {
  /** 1 to 32 of A-Z a-z 0-9 _ $ . - */
  symbol: string;
}

/** Asks for the newest unread notifications. */
export interface GetUnread {
  limit?: number | undefined;
}

/**
 * Checks a service. A recent result is returned instead of a new check: for admins one up to 1 s old, for everybody
 * else one up to 10 s old.
 */
export interface HealthCheck {
  /** 1 to 64 of a-z 0-9 _ - */
  service: string;
}

/** Shows that the client is alive. */
export type Heartbeat = Record<string, never>;

/**
 * Enters the room of a contest and follows its channels. `since` is a position of `chat.<id>`; `visibility` is for
 * admins, who are invisible by default.
 */
export interface JoinContestRoom {
  contestId: number | string;
  since?: Since | undefined;
  visibility?: "invisible" | "visible" | undefined;
}

/** Leaves the room and all channels of the contest. */
export interface LeaveContestRoom {
  contestId: number | string;
}

/** Marks all notifications as read, or all those of some types. */
export interface MarkAllRead {
  types?: readonly string[] | undefined;
}

/**
 * Marks one notification (`id`) or several (`ids`) as read. Unknown `ids` are ignored, unless none of them is known.
 */
export interface MarkRead {
  id?: number | string | undefined;
  ids?: readonly (number | string)[] | undefined;
}

/** Measures the round trip; `timestamp` is returned. `data` from clients of earlier versions is ignored. */
export interface Ping {
  timestamp?: number | string | undefined;
}

/** Closes the breaker at once, so that calls are let through again. */
export interface ResetCircuitBreaker {
  /** 1 to 64 of a-z 0-9 _ - */
  service: string;
}

/** Posts a message in the room; the answer is the stored message. A message is stored only once per `messageId`. */
export interface SendChatMessage {
  contestId: number | string;
  text: string;
  messageId?: string | undefined;
}

/**
 * Sends a command to a service. `params.force` stops a service even if others depend on it. A command with the same
 * `commandId` runs once within 24 h, and a repeat gets the first result.
 */
export interface ServiceCommand {
  /** 1 to 64 of a-z 0-9 _ - */
  serviceName: string;
  command: string;
  params?: Record<string, unknown> | undefined;
  commandId?: string | undefined;
}

/** Shows or hides an admin in a room. */
export interface SetAdminPresence {
  contestId: number | string;
  visibility: "invisible" | "visible";
}

/** Follows a service, or all of them. */
export interface SkyduelSubscribeService {
  /** 1 to 64 of a-z 0-9 _ -, or `*` */
  serviceName: string;
}

/** Follows `channel`, or each of `channels`; `since` is the position to resume from. */
export interface Subscribe {
  channel?: string | undefined;
  since?: Since | undefined;
  channels?: readonly (string | ChannelSince)[] | undefined;
}

/** Follows all services. */
export type SubscribeAll = Record<string, never>;

/** Follows the settings of a category, present and future. */
export interface SubscribeCategory {
  /** 1 to 127 of a-z 0-9 _ - */
  category: string;
}

/** Follows the dashboard. */
export type SubscribeDashboard = Record<string, never>;

/** Follows a layer. */
export interface SubscribeLayer {
  /** 1 to 64 of a-z 0-9 _ - */
  layer: string;
}

/** Follows a metric. */
export interface SubscribeMetric {
  /** `UNKNOWN_METRIC` errors list the names. */
  metric: string;
}

/** Another name for `subscribe_all`. */
export type SubscribeServices = Record<string, never>;

/** Follows a setting, even if it does not exist yet. */
export interface SubscribeSetting {
  /** 1 to 128 of a-z 0-9 _ . - */
  key: string;
}

/** Follows symbols, in upper or lower case; `*` stands for every symbol, present and future. */
export interface SubscribeSymbols {
  symbols: readonly string[];
}

/**
 * Stores an event, or all of `events`; the answer means that they are on disk. An `eventId` is stored only once per
 * wallet, so it is safe to send an event again with the same `eventId`.
 */
export interface TrackEvent {
  event?: string | undefined;
  data?: Record<string, unknown> | undefined;
  eventId?: string | undefined;
  occurredAt?: string | undefined;
  events?: readonly GivenEvent[] | undefined;
}

/** Stops following `channel`, or each of `channels`. */
export interface Unsubscribe {
  channel?: string | undefined;
  channels?: readonly (string | ChannelSince)[] | undefined;
}

/** Stops following a category. */
export interface UnsubscribeCategory {
  /** 1 to 127 of a-z 0-9 _ - */
  category: string;
}

/** Stops following the dashboard. */
export type UnsubscribeDashboard = Record<string, never>;

/** Stops following a metric. */
export interface UnsubscribeMetric {
  /** `UNKNOWN_METRIC` errors list the names. */
  metric: string;
}

/** Stops following a service, or all of them. */
export interface UnsubscribeService {
  /** 1 to 64 of a-z 0-9 _ -, or `*` */
  serviceName: string;
}

/** Stops following a setting. */
export interface UnsubscribeSetting {
  /** 1 to 128 of a-z 0-9 _ . - */
  key: string;
}

/** Stops following symbols; `*` stands for every symbol. */
export interface UnsubscribeSymbols {
  symbols: readonly string[];
}

/**
 * Changes a setting, or creates it. A new setting is visible only to admins, unless `visibility` says otherwise. A
 * setting keeps the type of its first value. The value of a `secret` is shown to nobody. With `expectedVersion`, the
 * change applies only if that is the current version; 0 stands for a setting that is not stored. Setting an equal value
 * is a change too.
 */
export interface UpdateSetting {
  /** 1 to 128 of a-z 0-9 _ . - */
  key: string;
  value: unknown;
  description?: string | undefined;
  visibility?: "admin" | "public" | "user" | undefined;
  secret?: boolean | undefined;
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
  | ManagedServiceUpdate
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
  | ErrorEvent;

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
      "analytics.metric.<metric>": {
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
      "service.<name>": {
        name: `service.${string}` | "services";
        push: ServiceUpdate;
      };
      "layer.<layer>": {
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
        push: ContestState | ContestRemoved;
      };
      "contest.<id>": {
        name: `contest.${string}`;
        push: ContestState | AdminPresence | SpectatorCount;
      };
      "presence.<id>": {
        name: `presence.${string}`;
        push: UserPresence;
      };
      "leaderboard.<id>": {
        name: `leaderboard.${string}`;
        push: LeaderboardUpdate;
      };
      "chat.<id>": {
        name: `chat.${string}`;
        push: ChatMessage | ChatMessageDeleted;
      };
      "participant.<wallet>.<id>": {
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
      "market.<SYMBOL>": {
        name: `market.${string}` | "market.*";
        push: MarketPrice | MarketVolume | MarketSentiment;
      };
      "metadata.<SYMBOL>": {
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
        push: MonitoredServiceUpdate;
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
      "user.notifications.<wallet>": {
        name: `user.notifications.${string}`;
        push: NotificationAdded | UnreadCount | ReadConfirmed | NotificationRemoved;
      };
      "system.announcements": {
        name: "system.announcements";
        push: NotificationAdded | NotificationRemoved;
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
      "skyduel.<name>": {
        name: `skyduel.${string}` | "skyduel.*";
        push: ManagedServiceUpdate;
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
      "setting.<key>": {
        name: `setting.${string}` | `category.${string}`;
        push: SettingUpdate;
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
      "market.<SYMBOL>": {
        name: `market.${string}` | "market.*";
        push: MarketPrice | MarketVolume | MarketSentiment;
      };
      "token.<SYMBOL>": {
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
