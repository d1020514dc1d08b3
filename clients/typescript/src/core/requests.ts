import { DuelcastError } from "../errors.js";
import type { Frame } from "./frame.js";

const MAX_WAITING = 1000;

/** A request of the application that is not settled yet. */
export interface Request {
  readonly id: string;
  /** The command to send, without `requestId`; asked for each time that the request is sent. */
  readonly command: () => Frame;
  /** Whether it is sent again after a lost connection. */
  readonly repeatable: boolean;
  /** Whether it is sent again after an error, if it is repeatable. */
  readonly retriesAfter: (error: DuelcastError) => boolean;
  readonly settle: (result: Frame | DuelcastError) => void;
  /** The command that was sent on this connection. */
  sent?: Frame | undefined;
  /** Whether it waits for the time after which the server wants it again. */
  waits?: boolean;
}

/** The requests of an endpoint that wait for being sent or answered, in the order in which they were made. */
export class Requests {
  readonly #waiting = new Map<string, Request>();

  get size(): number {
    return this.#waiting.size;
  }

  get full(): boolean {
    return this.#waiting.size >= MAX_WAITING;
  }

  add(request: Request): void {
    this.#waiting.set(request.id, request);
  }

  get(id: string): Request | undefined {
    return this.#waiting.get(id);
  }

  /** Ends a request; does nothing if it has ended already. */
  settle(id: string, result: Frame | DuelcastError): void {
    const request = this.#waiting.get(id);
    if (request === undefined) return;
    this.#waiting.delete(id);
    request.settle(result);
  }

  /** The requests to send now. */
  unsent(): Request[] {
    return [...this.#waiting.values()].filter((request) => request.sent === undefined && !request.waits);
  }

  /** The connection was lost: fails what was sent and must not be sent again. */
  disconnect(): void {
    for (const request of [...this.#waiting.values()]) {
      if (request.sent !== undefined && !request.repeatable) {
        this.settle(request.id, new DuelcastError("OUTCOME_UNKNOWN", "The connection was lost before the answer."));
      }
      request.sent = undefined;
    }
  }

  /** Fails every request. */
  fail(error: DuelcastError): void {
    for (const id of [...this.#waiting.keys()]) this.settle(id, error);
  }
}
