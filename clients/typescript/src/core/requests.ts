import { DuelcastError } from "../errors.js";
import type { CommandFacts } from "../generated/contract.js";
import type { Calls, Connection } from "./connection.js";
import { channelsOf } from "./facts.js";
import { isRecord, number, type Frame } from "./frame.js";
import { channelMembership, roomMembership, type Membership } from "./membership.js";
import { isError, serverError } from "./server-error.js";

const MAX_WAITING = 1000;
const RETRY_MS = 1000;

/** The parts of a request. */
export interface RequestPlan {
  /** Makes the command, with its idempotency key, each time that it is sent. */
  readonly command: () => Frame;
  /** Whether sending it twice does no harm. */
  readonly isRepeatable: boolean;
  /** In milliseconds; `Infinity` waits for ever. */
  readonly timeoutMs: number;
  /** Whether an error lets it wait: it is sent again, if it is repeatable, or sent once there is a connection. */
  readonly retriesAfter: (error: DuelcastError) => boolean;
  readonly settle: (result: Frame | DuelcastError) => void;
}

/** A request, which is the key of its time-out among the deadlines; its plan is that of the next attempt. */
interface Waiting {
  readonly plan: RequestPlan;
  /** The command that was sent on this connection and is not answered. */
  sent?: Frame | undefined;
}

/** The requests of an endpoint that wait for being sent or answered, in the order in which they were made. */
export class Requests implements Calls {
  readonly #connection: Connection;
  readonly #facts: CommandFacts;
  readonly #waiting = new Map<string, Waiting>();
  #maxBytes = Infinity;

  constructor(connection: Connection, facts: CommandFacts) {
    this.#connection = connection;
    this.#facts = facts;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Makes a request; returns its id. */
  make(plan: RequestPlan): string {
    const id = this.#connection.nextId();
    const isFull = this.size >= MAX_WAITING;
    const refusal =
      this.#connection.refusal ??
      (isFull ? new DuelcastError("TOO_MANY_REQUESTS", "Too many requests wait.") : undefined);
    if (refusal && !plan.retriesAfter(refusal)) {
      plan.settle(refusal);
      return id;
    }
    const request: Waiting = { plan };
    this.#waiting.set(id, request);
    this.#connection.deadlines.set(request, this.#connection.now + plan.timeoutMs, () => {
      this.settle(id, new DuelcastError("TIMEOUT", "No answer came."));
    });
    this.#send();
    this.#connection.want();
    return id;
  }

  /** Ends a request; does nothing if it has ended already. */
  settle(id: string, result: Frame | DuelcastError): void {
    const request = this.#waiting.get(id);
    if (!request) return;
    this.#waiting.delete(id);
    this.#connection.deadlines.clear(request, request.plan);
    request.plan.settle(result);
    this.#connection.want();
  }

  establish(limits: unknown): void {
    this.#maxBytes = (isRecord(limits) ? number(limits.maxMessageBytes) : undefined) ?? Infinity;
    this.#send();
  }

  answer(frame: Frame, id: string): void {
    const request = this.#waiting.get(id);
    if (!request?.sent) return;
    const { plan, sent } = request;
    const { interests, deadlines, now } = this.#connection;
    if (!isError(frame)) {
      const room = [roomMembership(Number(sent.contestId))];
      const joined = sent.type === "join_contest_room" ? room : this.#memberships(this.#facts.joins, sent);
      interests.request(joined, sent.type.startsWith("get_"));
      interests.release(sent.type === "leave_contest_room" ? room : this.#memberships(this.#facts.leaves, sent));
      return this.settle(id, frame);
    }
    const error = serverError(frame);
    if (!plan.isRepeatable || !plan.retriesAfter(error)) return this.settle(id, error);
    request.sent = undefined;
    deadlines.set(plan, now + (error.retryAfterMs ?? RETRY_MS), () => this.#send());
  }

  disconnect(): void {
    for (const [id, request] of this.#waiting) {
      if (request.sent && !request.plan.isRepeatable) {
        this.settle(id, new DuelcastError("OUTCOME_UNKNOWN", "No answer came."));
      }
      request.sent = undefined;
    }
  }

  fail(error: DuelcastError): void {
    for (const [id, { plan }] of this.#waiting) if (!plan.retriesAfter(error)) this.settle(id, error);
  }

  #send(): void {
    if (!this.#connection.isEstablished) return;
    // Joins that are due come first, as a command may need them.
    this.#connection.interests.flush();
    for (const [id, request] of this.#waiting) {
      if (request.sent || this.#connection.deadlines.has(request.plan)) continue;
      const command = request.plan.command();
      const bytes = new TextEncoder().encode(JSON.stringify({ ...command, requestId: id })).length;
      if (bytes > this.#maxBytes) {
        this.settle(id, new DuelcastError("MESSAGE_TOO_BIG", "The message is too big."));
        continue;
      }
      request.sent = command;
      this.#connection.send(command, id);
    }
  }

  /** The channels that a command joins or leaves. */
  #memberships(templates: CommandFacts["joins"], command: Frame): Membership[] {
    const names = channelsOf(templates?.[command.type] ?? [], command, this.#connection.wallet);
    return names.map((name) => channelMembership(name));
  }
}
