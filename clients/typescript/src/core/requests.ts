import { DuelcastError } from "../errors.js";
import type { Calls, Connection } from "./connection.js";
import { channelsOf, isRepeatable, withKey, type EndpointFacts } from "./facts.js";
import { isRecord, number, type Frame } from "./frame.js";
import { channelMembership, roomMembership, type Membership } from "./membership.js";
import { isError, serverError } from "./server-error.js";

const MAX_WAITING = 1000;
const RETRY_MS = 1000;

/** What a request consists of. */
export interface RequestPlan {
  /** The command; or a function that makes it, idempotency keys included, each time that it is sent. */
  readonly command: Frame | (() => Frame);
  /** In milliseconds; `Infinity` waits for ever. */
  readonly timeoutMs: number;
  /** Whether the command is sent again after an error, if it may be repeated at all. */
  readonly retriesAfter: (error: DuelcastError) => boolean;
  readonly settle: (result: Frame | DuelcastError) => void;
}

/** A request as the key of its time-out among the deadlines; its plan is that of the next attempt. */
interface Waiting {
  readonly plan: RequestPlan;
  readonly command: () => Frame;
  readonly isRepeatable: boolean;
  /** What was sent on this connection and is not answered. */
  sent: Frame | undefined;
}

/** The requests of an endpoint that wait for being sent or answered, in the order in which they were made. */
export class Requests implements Calls {
  readonly #connection: Connection;
  readonly #facts: EndpointFacts;
  readonly #uuid: () => string;
  readonly #waiting = new Map<string, Waiting>();
  #maxBytes = Infinity;

  constructor(connection: Connection, facts: EndpointFacts, uuid: () => string) {
    this.#connection = connection;
    this.#facts = facts;
    this.#uuid = uuid;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Makes a request; returns its id. */
  make(plan: RequestPlan): string {
    const { command, timeoutMs } = plan;
    const id = this.#connection.nextId();
    const refusal = this.#connection.refusal ?? (this.size < MAX_WAITING ? undefined : tooMany());
    if (refusal !== undefined) {
      plan.settle(refusal);
      return id;
    }
    const isMade = typeof command === "function";
    const keyed = isMade ? undefined : withKey(this.#facts, command, this.#uuid);
    const request: Waiting = {
      plan,
      command: isMade ? command : () => keyed ?? command,
      isRepeatable: isMade || isRepeatable(this.#facts, command.type),
      sent: undefined,
    };
    this.#waiting.set(id, request);
    if (timeoutMs < Infinity) {
      this.#connection.deadlines.set(request, this.#connection.now + timeoutMs, () => {
        this.settle(id, new DuelcastError("TIMEOUT", "The server has not answered in time."));
      });
    }
    this.#send();
    this.#connection.want();
    return id;
  }

  /** Ends a request; does nothing if it has ended already. */
  settle(id: string, result: Frame | DuelcastError): void {
    const request = this.#waiting.get(id);
    if (request === undefined) return;
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
    if (request?.sent === undefined) return;
    const { interests, deadlines, now } = this.#connection;
    if (!isError(frame)) {
      interests.request(this.#memberships(this.#facts.joins, request.sent));
      interests.release(this.#memberships(this.#facts.leaves, request.sent));
      interests.replied(frame);
      return this.settle(id, frame);
    }
    const error = serverError(frame);
    if (!request.isRepeatable || !request.plan.retriesAfter(error)) return this.settle(id, error);
    request.sent = undefined;
    deadlines.set(request.plan, now + (error.retryAfterMs ?? RETRY_MS), () => this.#send());
  }

  disconnect(): void {
    for (const [id, request] of this.#waiting) {
      if (request.sent !== undefined && !request.isRepeatable) {
        this.settle(id, new DuelcastError("OUTCOME_UNKNOWN", "The connection was lost before the answer."));
      }
      request.sent = undefined;
    }
  }

  fail(error: DuelcastError): void {
    for (const id of this.#waiting.keys()) this.settle(id, error);
  }

  #send(): void {
    if (!this.#connection.isEstablished) return;
    for (const [id, request] of this.#waiting) {
      if (request.sent || this.#connection.deadlines.has(request.plan)) continue;
      const command = request.command();
      const bytes = new TextEncoder().encode(JSON.stringify({ ...command, requestId: id })).length;
      if (bytes > this.#maxBytes) {
        this.settle(id, new DuelcastError("MESSAGE_TOO_BIG", `The server accepts at most ${this.#maxBytes} bytes.`));
        continue;
      }
      request.sent = command;
      this.#connection.send(command, id);
    }
  }

  /** What a command joins or leaves. */
  #memberships(templates: EndpointFacts["joins"], command: Frame): Membership[] {
    const names = channelsOf(templates?.[command.type] ?? [], command, this.#connection.wallet);
    const isRoom = command.type === "join_contest_room" || command.type === "leave_contest_room";
    if (isRoom && names.length > 0) return [roomMembership(Number(command.contestId))];
    return names.map((name) => channelMembership(name));
  }
}

function tooMany(): DuelcastError {
  return new DuelcastError("TOO_MANY_REQUESTS", "Too many requests of this endpoint wait for an answer.");
}
