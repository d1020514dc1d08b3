// The HTTP API. Written by `make docs` from the OpenAPI document; do not edit.

import type { ContestView, Leaderboard, Participant, Setting, SkyDuelService, Token, User } from "./messages.js";

/** An achievement that a user has unlocked. */
export interface Achievement {
  achievement: string;
  tier: string;
  category: string;
  xp_awarded: number;
  unlocked_at: string;
}

/**
 * An entry of the audit trail: who did what, when, and with what outcome. `outcome` is `ok`, `denied` if a right was
 * missing, or `conflict` if somebody else was faster. For a command to a service, it may also be `failed`, `timeout`,
 * or an error code in lower case.
 */
export interface AuditEntry {
  id: number;
  timestamp: string;
  wallet: string;
  role: string;
  action: string;
  target: string;
  outcome: string;
  details: Record<string, unknown>;
}

/** Entries, newest first. Without `nextCursor`, there are no earlier ones. */
export interface AuditPage {
  data: AuditEntry[];
  count: number;
  nextCursor?: string;
}

/** The moment of a start or an end, and the prices used. */
export interface Boundary {
  at: string;
  prices: SettledPrice[];
}

/** When a breaker opens, and how it closes again. If `slow_call_ms` is null, calls are never slow. */
export interface BreakerSettings {
  failure_threshold?: number | undefined;
  minimum_calls?: number | undefined;
  failure_rate_threshold?: number | undefined;
  slow_call_ms?: number | undefined;
  slow_call_rate_threshold?: number | undefined;
  window_ms?: number | undefined;
  reset_timeout_ms?: number | undefined;
  max_reset_timeout_ms?: number | undefined;
  backoff_multiplier?: number | undefined;
  half_open_calls?: number | undefined;
  half_open_timeout_ms?: number | undefined;
}

/** The prices from `timestamp` until the next candle; `close` is the newest of them. */
export interface Candle {
  timestamp: string;
  open: number;
  high: number;
  low: number;
  close: number;
}

/** Candles, oldest first; an interval without a price has no candle. Without `nextCursor`, there are no later ones. */
export interface CandlePage {
  data: Candle[];
  count: number;
  nextCursor?: string;
}

/** The wallet that wants to sign in. */
export interface ChallengeInput {
  /** The address of a Solana wallet. */
  wallet: string;
}

/** The wallet must sign `message` exactly as it is. The challenge is valid for one sign-in, until `expiresAt`. */
export interface ChallengeToSign {
  challengeId: string;
  message: string;
  expiresAt: string;
}

/** A change of a setting, with the new state. `value` is null if the setting was deleted or is secret. */
export interface Change {
  version: number;
  value: unknown;
  deleted: boolean;
  secret: boolean;
  timestamp: string;
  by: string;
}

/**
 * A check of `url` every `intervalMs`. The URL may contain a user name and a password, and is therefore never shown.
 */
export interface CheckDefinition {
  type: "http" | "postgres" | "redis" | "tcp" | "tls" | "websocket";
  url: string;
  intervalMs: number;
  timeoutMs?: number | undefined;
}

/** The token `symbol`, chosen for `weight` percent of a portfolio. */
export interface Choice {
  /** 1 to 32 of A-Z a-z 0-9 _ $ . - */
  symbol: string;
  weight: number;
}

/** Contests. Without `nextCursor`, there are no more. */
export interface ContestPage {
  data: ContestView[];
  count: number;
  nextCursor?: string;
}

/**
 * The fields to change. Null clears `description`, `image_url`, `rules` and `max_participants`; for other fields, null
 * counts as absent.
 */
export interface ContestPatch {
  name?: string | null | undefined;
  /** ISO-8601 with an offset. */
  start_time?: string | null | undefined;
  /** ISO-8601 with an offset. */
  end_time?: string | null | undefined;
  description?: string | null | undefined;
  /** an `https:` URL */
  image_url?: string | null | undefined;
  rules?: string | null | undefined;
  /** An amount with at most 9 decimals, as a string or a number. */
  entry_fee?: string | number | null | undefined;
  /** An amount with at most 9 decimals, as a string or a number. */
  prize_pool?: string | number | null | undefined;
  /** 1 to 16 characters of A-Z 0-9 */
  currency?: string | null | undefined;
  payout?: readonly PayoutInput[] | null | undefined;
  min_participants?: number | null | undefined;
  max_participants?: number | null | undefined;
  starting_balance?: number | null | undefined;
  allowed_symbols?: readonly string[] | null | undefined;
}

/**
 * `disqualified` excludes a participant; `registered` and `active` both readmit a participant, whose status is then
 * whichever of the two fits the contest.
 */
export interface EntryChange {
  status: "active" | "disqualified" | "registered";
}

/** An error that a service reports. Without `source`, the source is the service itself. */
export interface ErrorInput {
  /** 1 to 64 of a-z 0-9 _ - */
  service: string;
  level: "critical" | "debug" | "error" | "info" | "warning";
  /** The error message; 4,000 characters are kept. */
  error: string;
  /** Where the error occurred. */
  source?: string | undefined;
  /** At most 16 KiB of JSON. */
  details?: Record<string, unknown> | undefined;
}

/** A wallet that may not write in a contest's chat; if `until` is null, the mute lasts until it is lifted. */
export interface Mute {
  wallet: string;
  until: string | null;
}

/** `until` is ISO-8601 with an offset; without it the mute lasts until it is lifted. */
export interface MuteInput {
  until?: string | undefined;
}

/**
 * If `max_participants` is null, up to 100,000 may enter. If `allowed_symbols` is empty, all tokens are allowed.
 * `payout` defaults to 69, 20 and 11 % for the first three places.
 */
export interface NewContest {
  name: string;
  /** ISO-8601 with an offset. */
  start_time: string;
  /** ISO-8601 with an offset. */
  end_time: string;
  description?: string | undefined;
  /** an `https:` URL */
  image_url?: string | undefined;
  rules?: string | undefined;
  /** An amount with at most 9 decimals, as a string or a number. */
  entry_fee?: string | number | undefined;
  /** An amount with at most 9 decimals, as a string or a number. */
  prize_pool?: string | number | undefined;
  /** 1 to 16 characters of A-Z 0-9 */
  currency?: string | undefined;
  payout?: readonly PayoutInput[] | undefined;
  min_participants?: number | undefined;
  max_participants?: number | undefined;
  starting_balance?: number | undefined;
  allowed_symbols?: readonly string[] | undefined;
}

/** A token (JWT), and the user that it identifies. */
export interface NewToken {
  token: string;
  expiresAt: string;
  user: User;
}

/** All nodes, sorted by role and name. */
export interface NodePage {
  data: NodeRecord[];
  count: number;
}

/**
 * A process of the server, which has had its `role` since `since`. `lagMs` is the age of the oldest entry of the log
 * that the node has not applied yet: 0 if it has applied all, null if that is not known. `term` is the term of the
 * leader that it follows, null without a cluster.
 */
export interface NodeRecord {
  name: string;
  role: "all" | "candidate" | "gateway" | "leader" | (string & {});
  version: string;
  since: string;
  connections: number;
  lagMs: number | null;
  term: number | null;
}

/**
 * A notification for `wallets` or, with `broadcast`, for everybody. A wallet receives only the first notification with
 * a given `dedupeKey`, so that it is safe to repeat a request.
 */
export interface NotificationInput {
  /** Invalid wallets are skipped and counted. */
  wallets?: readonly string[] | undefined;
  broadcast?: boolean | undefined;
  /** 1 to 64 of A-Z 0-9 _, such as `CONTEST_INVITE` */
  type: string;
  /** Plain text. */
  title: string;
  /** Plain text. */
  content: string;
  priority?: "high" | "low" | "medium" | "urgent" | undefined;
  /** an `https:` URL, or a path that begins with one `/` */
  link?: string | undefined;
  /** At most 16 KiB of JSON. */
  data?: Record<string, unknown> | undefined;
  /** ISO-8601 with an offset; the notification is removed at this time. */
  expires_at?: string | undefined;
  dedupeKey?: string | undefined;
}

/** One operation of the service. */
export interface OperationInput {
  ok: boolean;
  durationMs: number;
  /** The error text; secrets in it are removed. */
  error?: string | undefined;
}

/** How many operations were counted. */
export interface OperationsTaken {
  accepted: number;
}

/** A user's change of their own nickname; null removes it. */
export interface OwnChangeInput {
  /** Unique without regard to case; no control or bidi characters. */
  nickname: string | null;
}

/** A contest, and the caller's row in it. */
export interface OwnContest {
  contest: ContestView;
  participant: Participant;
}

/** Contests, newest entry first. Without `nextCursor`, there are no more. */
export interface OwnContestPage {
  data: OwnContest[];
  count: number;
  nextCursor?: string;
}

/** `percent` of the prize pool goes to `place`. */
export interface PayoutInput {
  place: number;
  percent: number;
}

/** 1 to 50 tokens, each once, with whole weights from 1 to 100 that sum to 100. */
export interface PortfolioInput {
  portfolio: readonly Choice[];
}

/**
 * The outcome of a batch. `dropped` counts rows that were not used because the symbol belongs to a feed, the market is
 * full, or an amount is out of range. `duplicate` counts trades whose id was counted before.
 */
export interface PostResult {
  accepted: number;
  dropped: number;
  duplicate: number;
}

/**
 * How many notifications were stored, how many were not stored because they already existed or their wallet was named
 * twice, and how many wallets are invalid.
 */
export interface PostedNotifications {
  created: number;
  duplicate: number;
  invalid: number;
}

/** The price of a symbol. Amounts are in the quote currency. A figure that is left out keeps its previous value. */
export interface PostedPrice {
  /** 1 to 32 of A-Z a-z 0-9 _ $ . - */
  symbol: string;
  price: number;
  change_24h?: number | undefined;
  volume_24h?: number | undefined;
  high_24h?: number | undefined;
  low_24h?: number | undefined;
  market_cap?: number | undefined;
  fdv?: number | undefined;
  liquidity?: number | undefined;
  /** The platform's own time, as ISO-8601 with an offset. */
  timestamp?: string | undefined;
}

/**
 * One trade. `quantity` is in the base currency; `side` is the taker's. A trade whose `id` was counted before is
 * ignored.
 */
export interface PostedTrade {
  /** 1 to 32 of A-Z a-z 0-9 _ $ . - */
  symbol: string;
  price: number;
  quantity: number;
  side: "buy" | "sell";
  /** The platform's own time, as ISO-8601 with an offset. */
  timestamp?: string | undefined;
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

/**
 * The public data of a user. `contests` counts the user's completed contests, and `wins` those with at least two
 * participants in which the user was first.
 */
export interface PublicUser {
  wallet: string;
  nickname: string | null;
  xp: number;
  level: number;
  contests: number;
  wins: number;
  achievements: Achievement[];
}

/**
 * The reason for an action. If a contest is cancelled, its participants see the reason; otherwise, only the audit trail
 * contains it.
 */
export interface Reason {
  reason?: string | undefined;
}

/** The record that an error belongs to, and how many equal errors the record counts. */
export interface Recorded {
  id: number;
  count: number;
}

/**
 * A service. The server checks a `probe` with `check`. A `reported` service posts its own operations, and is unhealthy
 * if it posts none for `silentAfterMs` (default 60,000).
 */
export interface ServiceDefinition {
  kind: "probe" | "reported";
  /** 1 to 64 of a-z 0-9 _ - */
  layer: string;
  displayName?: string | undefined;
  description?: string | undefined;
  version?: string | undefined;
  /** Names of other services. */
  dependencies?: readonly string[] | undefined;
  check?: CheckDefinition | undefined;
  circuit_breaker?: BreakerSettings | undefined;
  silentAfterMs?: number | undefined;
}

/** Services, in the order in which they were added. */
export interface ServicePage {
  data: SkyDuelService[];
  count: number;
}

/** Changes, newest first. Without `nextCursor`, there are no earlier ones. */
export interface SettingHistory {
  data: Change[];
  count: number;
  nextCursor?: string;
}

/**
 * The new state of a setting. Omitted fields stay as they are; a new setting is by default visible only to admins, and
 * not secret.
 */
export interface SettingInput {
  /** Any JSON of the same type as the setting's first value, within the server's limits. */
  value: unknown;
  description?: string | undefined;
  visibility?: "admin" | "public" | "user" | undefined;
  /** Hides the value from everybody; can be set only at creation. */
  secret?: boolean | undefined;
  /** Change the setting only if this is its version, or, with 0, only if it is not stored yet. */
  expectedVersion?: number | undefined;
}

/** Settings in the order of their keys. `version` is the highest of their versions. */
export interface SettingList {
  data: Setting[];
  count: number;
  version: number;
}

/** A price used at the start or the end of a contest, and when the server received it. */
export interface SettledPrice {
  symbol: string;
  price: number;
  receivedAt: string;
}

/**
 * The prices at the start and the end, which, with the trades, determine a result. `start` or `end` is null if no
 * prices were used there.
 */
export interface Settlement {
  contestId: number;
  start: Boundary | null;
  end: Boundary | null;
}

/** A signed challenge. */
export interface SignatureInput {
  challengeId: string;
  /** The address of a Solana wallet. */
  wallet: string;
  /** The Ed25519 signature of the message's UTF-8 bytes: 64 bytes in base58. */
  signature: string;
}

/** The stored user; `role` is null if none was ever set, in which case the role in the token applies. */
export interface StoredUser {
  wallet: string;
  nickname: string | null;
  role: string | null;
  banned: boolean;
}

/** The complete metadata of a token. A field that is left out comes from the token's feed, or is unknown. */
export interface TokenMetadataInput {
  name: string;
  /** Characters of A-Z a-z 0-9 _ : . - */
  address: string;
  decimals: number;
  /** an `https:` URL */
  image_url?: string | undefined;
  description?: string | undefined;
  /** `#rrggbb` or `#rrggbbaa`. */
  color?: string | undefined;
  socials?: Record<string, string> | undefined;
  websites?: readonly WebsiteInput[] | undefined;
  status?: "active" | "inactive" | undefined;
}

/** Tokens in the order of their symbols. */
export interface TokenPage {
  data: Token[];
  count: number;
}

/** Trades, oldest first. Without `nextCursor`, there are no more. */
export interface TradePage {
  data: TradeRecord[];
  count: number;
  nextCursor?: string;
}

/** A purchase or sale made by a portfolio change; `quantity` is in units of the token. */
export interface TradeRecord {
  id: number;
  timestamp: string;
  symbol: string;
  side: "buy" | "sell" | (string & {});
  quantity: number;
  price: number;
}

/** A change to a user; omitted fields stay as they are. */
export interface UserChangeInput {
  /** Unique without regard to case; no control or bidi characters. */
  nickname?: string | undefined;
  role?: "admin" | "superadmin" | "user" | undefined;
  banned?: boolean | undefined;
}

/** A link of a token. */
export interface WebsiteInput {
  label: string;
  /** an `https:` URL */
  url: string;
}

/** The operations of the HTTP API by name. */
export interface HttpOperations {
  /**
   * Privileged actions.
   *
   * The matching entries, newest first. For admins.
   */
  ApiV69AuditListAudit: {
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
   * Begin a sign-in.
   *
   * The message names a domain, so that a wallet can notice if a page of another domain asks it to sign. The domain is
   * the configured one or, if none is configured, the `Host` of the request, which must be a loopback name or belong to
   * an allowed origin.
   */
  ApiV69AuthChallengePostChallenge: {
    method: "POST";
    path: "/api/v69/auth/challenge";
    parameters: Record<string, never>;
    body: ChallengeInput;
    response: ChallengeToSign;
  };
  /**
   * Sign out.
   *
   * All tokens of the same sign-in become invalid at once; open connections end as if the token had expired.
   */
  ApiV69AuthLogoutPostLogout: {
    method: "POST";
    path: "/api/v69/auth/logout";
    parameters: Record<string, never>;
    body: undefined;
    response: undefined;
  };
  /**
   * Stay signed in.
   *
   * This is possible for seven days after the sign-in. The previous token stays valid until it expires.
   */
  ApiV69AuthRefreshPostRefresh: {
    method: "POST";
    path: "/api/v69/auth/refresh";
    parameters: Record<string, never>;
    body: undefined;
    response: NewToken;
  };
  /**
   * Sign in.
   *
   * Each challenge can be used only once.
   */
  ApiV69AuthVerifyPostVerify: {
    method: "POST";
    path: "/api/v69/auth/verify";
    parameters: Record<string, never>;
    body: SignatureInput;
    response: NewToken;
  };
  /**
   * Cancel a contest.
   *
   * Nobody wins, and the chat is closed. For admins.
   */
  ApiV69ContestsContestIdCancelCancelContest: {
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
   * Delete a chat message.
   *
   * The text is removed from the store and from the channel's history, and clients that received it are notified. For
   * admins.
   */
  ApiV69ContestsContestIdChatMessageIdDeleteMessage: {
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
   * Edit a contest.
   *
   * While the contest is pending, every field may change, but `starting_balance` and `allowed_symbols` only if nobody
   * has entered. After the start, only `name`, `description` and `image_url` may change, and `end_time` may be set to a
   * later time. For admins.
   */
  ApiV69ContestsContestIdEditContest: {
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
   * End a contest now.
   *
   * The contest ends with the current prices. For admins.
   */
  ApiV69ContestsContestIdEndEndContest: {
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
  ApiV69ContestsContestIdEntriesEnterContest: {
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
   * One participant.
   *
   * `me` is the caller. After the contest is completed, everybody may see every participant; before that, only admins
   * may see others.
   */
  ApiV69ContestsContestIdEntriesMeGetEntry: {
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
   * Change my portfolio.
   *
   * While the contest is active, this trades at the current prices; the value of the portfolio does not change. For
   * users.
   */
  ApiV69ContestsContestIdEntriesMePortfolioChangePortfolio: {
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
   * The trades of a participant.
   *
   * `me` is the caller. After the contest is completed, everybody may see all trades; before that, only admins may see
   * those of others.
   */
  ApiV69ContestsContestIdEntriesMeTradesListTrades: {
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
   * Withdraw from a contest.
   *
   * Users can withdraw while the contest is pending.
   */
  ApiV69ContestsContestIdEntriesMeWithdraw: {
    method: "DELETE";
    path: "/api/v69/contests/{contest_id}/entries/me";
    parameters: {
      /** The id of a contest. */
      contest_id: number;
    };
    body: undefined;
    response: undefined;
  };
  /**
   * Disqualify or readmit a participant.
   *
   * A disqualified participant loses their rank at once. This is possible while the contest is pending or active. For
   * admins.
   */
  ApiV69ContestsContestIdEntriesWalletChangeEntry: {
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
   * One participant.
   *
   * `me` is the caller. After the contest is completed, everybody may see every participant; before that, only admins
   * may see others.
   */
  ApiV69ContestsContestIdEntriesWalletGetEntry: {
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
   * The trades of a participant.
   *
   * `me` is the caller. After the contest is completed, everybody may see all trades; before that, only admins may see
   * those of others.
   */
  ApiV69ContestsContestIdEntriesWalletTradesListTrades: {
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
   * One contest.
   *
   * Admins also see who created the contest, and who is muted.
   */
  ApiV69ContestsContestIdGetContest: {
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
   * The leaderboard of a contest.
   *
   * While the contest is active, the leaderboard is served from memory.
   */
  ApiV69ContestsContestIdLeaderboardGetLeaderboard: {
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
   * Lift a mute.
   *
   * Does nothing if the wallet is not muted. For admins.
   */
  ApiV69ContestsContestIdMutesWalletDeleteMute: {
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
   * Mute a wallet in a contest's chat.
   *
   * A later mute replaces an earlier one. For admins.
   */
  ApiV69ContestsContestIdMutesWalletPutMute: {
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
   * The prices that a contest was settled with.
   *
   * The prices at the start and at the end of the contest, and when each was received. `start` is null until the
   * contest has started, and `end` until it has ended.
   */
  ApiV69ContestsContestIdSettlementGetSettlement: {
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
   * Start a contest now.
   *
   * The contest starts with the current prices, even with fewer participants than `min_participants`. For admins.
   */
  ApiV69ContestsContestIdStartStartContest: {
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
   * Create a contest.
   *
   * The new contest is pending, and open for entries. For admins.
   */
  ApiV69ContestsCreateContest: {
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
   * Contests.
   *
   * Pending and active contests, newest start first, then those that ended within the last day, also newest start
   * first.
   */
  ApiV69ContestsListContests: {
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
   * Report an error.
   *
   * For admins, and machines with the scope `errors`. Tokens, passwords and addresses are removed from the texts. Equal
   * errors within 10 seconds become one record.
   */
  ApiV69ErrorsPostError: {
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
   * All nodes.
   *
   * A server of one process has one node, with the role `all`. For admins.
   */
  ApiV69NodesListNodes: {
    method: "GET";
    path: "/api/v69/nodes";
    parameters: Record<string, never>;
    body: undefined;
    response: NodePage;
  };
  /**
   * Remove a notification.
   *
   * Users may remove their own notifications, and admins those of everybody.
   */
  ApiV69NotificationsNotificationIdDeleteNotification: {
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
   * Notify users.
   *
   * The notification is stored for all recipients or for none, then pushed. For admins, and machines with the scope
   * `notifications`.
   */
  ApiV69NotificationsPostNotifications: {
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
   * All services.
   *
   * The server's own services, and those outside it. For admins.
   */
  ApiV69ServicesListServices: {
    method: "GET";
    path: "/api/v69/services";
    parameters: Record<string, never>;
    body: undefined;
    response: ServicePage;
  };
  /**
   * Remove a service.
   *
   * A service cannot be removed while other services depend on it. For admins.
   */
  ApiV69ServicesNameDeleteService: {
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
   * One service.
   *
   * The service as it is now. For admins.
   */
  ApiV69ServicesNameGetService: {
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
   * Report operations.
   *
   * This is possible only for services of the kind `reported`. Needs the database only with an `Idempotency-Key`. For
   * admins, and machines with the scope `operations`.
   */
  ApiV69ServicesNameOperationsPostOperations: {
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
   * Add or change a service.
   *
   * This resets the figures and the breaker of the service. The server's own services and those of the configuration
   * file cannot be changed. For admins.
   */
  ApiV69ServicesNamePutService: {
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
   * Delete a setting.
   *
   * A setting of the server returns to its configured or default value; any other setting disappears. For admins.
   */
  ApiV69SettingsKeyDeleteSetting: {
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
   * One setting.
   *
   * The setting in force now. For admins.
   */
  ApiV69SettingsKeyGetSetting: {
    method: "GET";
    path: "/api/v69/settings/{key}";
    parameters: {
      /** The key of a setting: 1 to 128 of a-z 0-9 _ . -. */
      key: string;
    };
    body: undefined;
    response: Setting;
  };
  /**
   * The history of a setting.
   *
   * Every version of the setting, newest first, even if the setting was deleted. For admins.
   */
  ApiV69SettingsKeyHistoryGetHistory: {
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
   * Change a setting, or create it.
   *
   * The change takes effect without a restart, and is pushed to followers. Setting an equal value is a change too. A
   * refusal with `VERSION_CONFLICT` contains the current setting in `current`. For admins.
   */
  ApiV69SettingsKeyPutSetting: {
    method: "PUT";
    path: "/api/v69/settings/{key}";
    parameters: {
      /** The key of a setting: 1 to 128 of a-z 0-9 _ . -. */
      key: string;
    };
    body: SettingInput;
    response: Setting;
  };
  /**
   * All settings.
   *
   * All settings: those of the server, and those that admins have created. For admins.
   */
  ApiV69SettingsListSettings: {
    method: "GET";
    path: "/api/v69/settings";
    parameters: Record<string, never>;
    body: undefined;
    response: SettingList;
  };
  /**
   * All tokens.
   *
   * Every known token, active or not, with its market fields.
   */
  ApiV69TokensListTokens: {
    method: "GET";
    path: "/api/v69/tokens";
    parameters: Record<string, never>;
    body: undefined;
    response: TokenPage;
  };
  /**
   * Post prices.
   *
   * For admins, and machines with the scope `prices`. A price of an unknown symbol adds the token.
   */
  ApiV69TokensPricesPostPrices: {
    method: "POST";
    path: "/api/v69/tokens/prices";
    parameters: Record<string, never>;
    body: readonly PostedPrice[];
    response: PostResult;
  };
  /**
   * One token.
   *
   * The token with its market fields; null means unknown.
   */
  ApiV69TokensSymbolGetToken: {
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
  ApiV69TokensSymbolHistoryGetHistory: {
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
   * Set a token's metadata.
   *
   * An unknown token is added. The metadata is pushed to everybody who follows the token.
   */
  ApiV69TokensSymbolPutToken: {
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
   * Post trades.
   *
   * For admins, and machines with the scope `prices`. A trade whose id was posted before counts as a duplicate.
   */
  ApiV69TokensTradesPostTrades: {
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
   * My contests.
   *
   * The contests that the caller entered, newest entry first, with the caller's row in each. For users.
   */
  ApiV69UsersMeContestsListOwnContests: {
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
   * The caller.
   *
   * The public data of the caller. For users.
   */
  ApiV69UsersMeGetOwnUser: {
    method: "GET";
    path: "/api/v69/users/me";
    parameters: Record<string, never>;
    body: undefined;
    response: PublicUser;
  };
  /**
   * Change my nickname.
   *
   * The change takes effect on open connections of the caller at once. For users.
   */
  ApiV69UsersMePatchOwnUser: {
    method: "PATCH";
    path: "/api/v69/users/me";
    parameters: Record<string, never>;
    body: OwnChangeInput;
    response: PublicUser;
  };
  /**
   * One user.
   *
   * The public data of a user.
   */
  ApiV69UsersWalletGetUser: {
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
   * Set a user's nickname, role or ban.
   *
   * An unknown user is added. The change takes effect on open connections at once. For admins; only superadmins may set
   * roles above `user`, or ban admins. Nobody can change their own role or ban, and the last superadmin keeps the role.
   */
  ApiV69UsersWalletPutUser: {
    method: "PUT";
    path: "/api/v69/users/{wallet}";
    parameters: {
      /** A wallet; upper and lower case matter. */
      wallet: string;
    };
    body: UserChangeInput;
    response: StoredUser;
  };
}
