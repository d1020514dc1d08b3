import {
  channel,
  createClient,
  endpoint as endpointFor,
  inbox,
  leaderboard,
  market,
  room,
  track,
  type Client,
  type Feed,
  type Store,
} from "../src/index.js";
import { DuelcastError } from "../src/errors.js";
import { FakeNetwork, FakePage, ManualClock, settled, type FakeSocket } from "./fakes.js";

type Json = Readonly<Record<string, unknown>>;
type Answer = string | null | { fails: true } | { waits: true };

/** A file of `clients/traces`. */
export interface Trace {
  readonly name: string;
  readonly about: string;
  readonly endpoint?: string;
  readonly random?: number;
  readonly token?: Answer;
  readonly steps: readonly Json[];
}

/** Runs a trace; throws at the first step that the client does not follow. */
export async function runTrace(trace: Trace): Promise<void> {
  const run = new Run(trace);
  for (const [index, step] of trace.steps.entries()) {
    try {
      await run.step(step);
    } catch (error) {
      throw new Error(`step ${index + 1} ${JSON.stringify(step)}: ${(error as Error).message}`, { cause: error });
    }
  }
  run.end();
}

class Run {
  readonly #trace: Trace;
  readonly #clock = new ManualClock();
  readonly #network = new FakeNetwork();
  readonly #page = new FakePage();
  readonly #client: Client;
  readonly #bound = new Map<string, unknown>();
  readonly #unwant = new Map<string, () => void>();
  readonly #messages = new Map<string, unknown[]>();
  readonly #outcomes = new Map<string, unknown>();
  readonly #aborts = new Map<string, AbortController>();
  readonly #seen = new Map<string, { dials: number; sends: number }>();
  readonly #closed = new Set<FakeSocket>();
  #answer: Answer;
  #answerLater: ((token: string | null) => void) | undefined;
  #asks = 0;

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#answer = trace.token ?? null;
    this.#client = createClient({
      url: "http://duelcast.test",
      token: this.#provider,
      webSocket: this.#network.webSocket,
      clock: this.#clock,
      page: this.#page,
      random: () => trace.random ?? 0.5,
      schedule: queueMicrotask,
    });
  }

  readonly #provider = (): Promise<string | null> => {
    this.#asks += 1;
    const answer = this.#answer;
    if (answer === null || typeof answer === "string") return Promise.resolve(answer);
    if ("fails" in answer) return Promise.reject(new Error("The provider fails."));
    return new Promise((resolve) => (this.#answerLater = resolve));
  };

  async step(step: Json): Promise<void> {
    const endpoint = (step.endpoint ?? this.#trace.endpoint ?? "") as string;
    for (const name of Object.keys(step)) {
      if (name === "endpoint") continue;
      const handler = (this as unknown as Record<string, ((value: unknown, endpoint: string) => unknown) | undefined>)[
        `do_${name}`
      ];
      if (handler === undefined) throw new Error(`There is no step ${name}.`);
      await handler.call(this, step[name], endpoint);
    }
    await settled();
  }

  end(): void {
    this.#client.close();
    for (const endpoint of new Set(this.#network.sockets.map(endpointOf))) {
      const left = this.#sent(endpoint);
      if (left.length > 0) throw new Error(`Left over: ${JSON.stringify(left)}`);
    }
    if (this.#clock.timers > 0) throw new Error(`${this.#clock.timers} timers are left.`);
    if (this.#page.listeners.size > 0) throw new Error("A listener of the page is left.");
  }

  // ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

  do_want(what: Json, endpoint: string): void {
    const key = JSON.stringify(what);
    const store = this.#store(what, endpoint);
    if ("channel" in what) {
      const messages: unknown[] = [];
      this.#messages.set(key, messages);
      this.#unwant.set(
        key,
        (store as Feed<unknown>).on((message) => messages.push(message)),
      );
    } else {
      this.#unwant.set(
        key,
        store.subscribe(() => undefined),
      );
    }
  }

  do_drop(what: Json): void {
    this.#unwant.get(JSON.stringify(what))?.();
  }

  do_request({ as, command, timeoutMs }: { as: string; command: Json; timeoutMs?: number }, name: string): void {
    const abort = new AbortController();
    this.#aborts.set(as, abort);
    const { type, ...body } = command;
    const contest = endpointFor(this.#client, name as "contest");
    this.#watch(as, contest.request(type as "ping", body as never, { timeoutMs, signal: abort.signal }));
  }

  do_abort(as: string): void {
    this.#aborts.get(as)?.abort();
  }

  do_say({ as, room: id, text }: { as: string; room: number; text: string }): void {
    this.#watch(as, room(this.#client, id).send(text));
  }

  do_track({ as, event, data }: { as: string; event: string; data?: Json }): void {
    this.#watch(as, track(this.#client, event, data));
  }

  do_provider(answer: Answer): void {
    this.#answer = answer;
    this.#answerLater?.(answer as string | null);
    this.#answerLater = undefined;
  }

  do_setToken(token: string | null): void {
    this.#answer = token;
    this.#client.setToken(this.#provider);
  }

  do_opened(_: true, endpoint: string): void {
    this.#socket(endpoint).opened();
  }

  do_frames(frames: readonly unknown[], endpoint: string): void {
    this.#socket(endpoint).receive(...frames.map((frame) => this.#fill(frame)));
  }

  do_lost({ code, reason }: { code: number; reason?: string }, endpoint: string): void {
    this.#socket(endpoint).lost(code, reason);
  }

  do_advance(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  do_hidden(): void {
    this.#page.report("hidden");
  }

  do_visible(): void {
    this.#page.report("visible");
  }

  do_online(): void {
    this.#page.report("online");
  }

  do_wake(): void {
    this.#page.report("wake");
  }

  do_close(): void {
    this.#client.close();
  }

  // ── assertions ──────────────────────────────────────────────────────────────────────────────────────────────────

  do_asks(times: number): void {
    this.#match(times, this.#asks);
    this.#asks = 0;
  }

  do_dials(expected: { path: string; query: [string, string][] } | null, endpoint: string): void {
    const seen = this.#seenOf(endpoint);
    const dialled = this.#socketsOf(endpoint).slice(seen.dials);
    seen.dials += dialled.length;
    if (dialled.length !== (expected === null ? 0 : 1)) throw new Error(`${dialled.length} connections were dialled.`);
    if (expected === null) return;
    const url = new URL(dialled[0]!.url);
    this.#match(expected.path, url.pathname);
    this.#match([...expected.query].sort(), [...url.searchParams].sort());
  }

  do_sends(expected: readonly unknown[], endpoint: string): void {
    this.#match(expected, this.#sent(endpoint), { exact: true });
  }

  do_closes(code: number | null, endpoint: string): void {
    const closed = this.#socketsOf(endpoint).filter((one) => one.closedWith !== undefined && !this.#closed.has(one));
    for (const socket of closed) this.#closed.add(socket);
    this.#match(
      code === null ? [] : [code],
      closed.map(({ closedWith }) => closedWith),
    );
  }

  do_state(expected: string | { is: string; retryInMs?: number }, endpoint: string): void {
    const state = this.#client.state.get()[endpoint as "contest"];
    const { is, retryInMs } = typeof expected === "string" ? { is: expected, retryInMs: undefined } : expected;
    this.#match(is, state.is);
    if (retryInMs === undefined) return;
    this.#match(retryInMs, state.is === "waiting" ? (state.retryAt ?? 0) - this.#clock.now() : undefined);
  }

  do_settles({ as, reply, error, pending }: { as: string; reply?: Json; error?: string; pending?: true }): void {
    const outcome = this.#outcomes.get(as);
    if (pending === true) this.#match(undefined, outcome);
    else if (error !== undefined) this.#match(error, outcome instanceof DuelcastError ? outcome.code : outcome);
    else this.#match(reply, outcome);
  }

  do_holds(
    { value, messages, status, ...what }: { value?: unknown; messages?: unknown[]; status?: string },
    endpoint: string,
  ): void {
    const store = this.#store(what, endpoint);
    const held = store.get();
    if (value !== undefined) this.#match(value, held instanceof Map ? Object.fromEntries(held) : held);
    if (messages !== undefined) this.#match(messages, this.#messages.get(JSON.stringify(what))?.splice(0));
    if (status !== undefined) this.#match(status, store.status);
  }

  do_offsetMs(expected: number): void {
    this.#match(expected, this.#client.clockOffsetMs.get());
  }

  // ── details ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #store(what: Json, endpoint: string): Store<unknown> {
    if ("market" in what) return market(this.#client, what.market as string);
    if ("leaderboard" in what) return leaderboard(this.#client, what.leaderboard as number);
    if ("room" in what) return room(this.#client, what.room as number);
    if ("inbox" in what) return inbox(this.#client);
    return channel(this.#client, endpoint as "circuit-breaker", what.channel as "alerts");
  }

  #watch(as: string, result: Promise<unknown>): void {
    result.then(
      (value) => this.#outcomes.set(as, value),
      (error: unknown) => this.#outcomes.set(as, error),
    );
  }

  #socketsOf(endpoint: string): FakeSocket[] {
    return this.#network.sockets.filter((socket) => endpointOf(socket) === endpoint);
  }

  #socket(endpoint: string): FakeSocket {
    const socket = this.#socketsOf(endpoint).at(-1);
    if (socket === undefined) throw new Error("Nothing was dialled.");
    return socket;
  }

  #seenOf(endpoint: string): { dials: number; sends: number } {
    const seen = this.#seen.get(endpoint) ?? { dials: 0, sends: 0 };
    this.#seen.set(endpoint, seen);
    return seen;
  }

  /** The messages that were sent since the last call. */
  #sent(endpoint: string): Json[] {
    const seen = this.#seenOf(endpoint);
    const sent = this.#socketsOf(endpoint)
      .flatMap((socket) => socket.sent)
      .slice(seen.sends);
    seen.sends += sent.length;
    return sent;
  }

  /** A frame with the values that its `$` names were bound to. */
  #fill(value: unknown): unknown {
    if (typeof value === "string" && value.startsWith("$"))
      return this.#bound.has(value) ? this.#bound.get(value) : value;
    if (Array.isArray(value)) return value.map((one) => this.#fill(one));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.#fill(one)]));
  }

  #match(expected: unknown, actual: unknown, options: { exact?: boolean } = {}): void {
    if (!this.#matches(expected, actual, options.exact === true)) {
      throw new Error(`expected ${JSON.stringify(this.#fill(expected))}, got ${JSON.stringify(actual)}`);
    }
  }

  #matches(expected: unknown, actual: unknown, exact: boolean): boolean {
    if (expected === "$_") return true;
    if (typeof expected === "string" && expected.startsWith("$")) {
      if (!this.#bound.has(expected)) this.#bound.set(expected, actual);
      return this.#bound.get(expected) === actual;
    }
    if (expected === null) return actual === null || actual === undefined;
    if (actual instanceof DuelcastError) return expected === actual.code;
    if (Array.isArray(expected)) {
      return (
        Array.isArray(actual) &&
        expected.length === actual.length &&
        expected.every((one, index) => this.#matches(one, actual[index], exact))
      );
    }
    if (typeof expected !== "object") return Object.is(expected, actual);
    if (typeof actual !== "object" || actual === null) return false;
    if (exact && Object.keys(actual).length !== Object.keys(expected).length) return false;
    return Object.entries(expected).every(([name, one]) => this.#matches(one, (actual as Json)[name], exact));
  }
}

function endpointOf(socket: FakeSocket): string {
  return new URL(socket.url).pathname.split("/").at(-1) ?? "";
}
