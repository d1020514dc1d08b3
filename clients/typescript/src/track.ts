import { inside, type Client, type Inside } from "./client.js";
import { copied, parsed, records, time, type Frame } from "./core/frame.js";
import { DuelcastError } from "./errors.js";
import type { TrackedEvent } from "./generated/messages.js";
import { submit } from "./shell/calls.js";
import { uuid } from "./shell/uuid.js";

const MAX_QUEUED = 1000;
const MAX_IN_BATCH = 100;
/** In characters of at most three bytes: the server accepts at least 64 KiB in a message. */
const MAX_BATCH_LENGTH = 20_000;
const MAX_AGE_MS = 24 * 3_600_000;
const STORAGE_KEY = "duelcast.track";

/**
 * Tracks an event: resolves once the server has stored it, after however many attempts. Up to 1,000 events wait, also
 * until somebody is signed in, and in `storage` if the client has one. Rejects with a `DuelcastError`: the code with which
 * the server refused the event, `MESSAGE_TOO_BIG`, `EVENT_DROPPED` if it was the oldest of too many, or `CLOSED`; or with a
 * `TypeError` if `data` cannot be JSON, such as a `bigint` or an object that contains itself.
 *
 * @param event A name of 1 to 64 of `A-Z a-z 0-9 _ . : -`.
 * @param data An object of at most 16 KiB as JSON.
 */
export function track(client: Client, event: string, data?: Readonly<Record<string, unknown>>): Promise<TrackedEvent> {
  const result = trackerOf(client).track(event, data);
  // A caller who ignores the result is not interested in its failure either.
  result.catch(ignore);
  return result;
}

/** How many events this client has dropped because too many waited. */
export function droppedEvents(client: Client): number {
  return trackerOf(client).dropped;
}

function trackerOf(client: Client): Tracker {
  return inside(client).once("track", () => new Tracker(client));
}

function ignore(): void {
  // Nobody waits for the result.
}

interface Waiting {
  /** Occurred at a time of this machine's clock. */
  readonly event: Readonly<Record<string, unknown>>;
  readonly resolve: (stored: TrackedEvent) => void;
  readonly reject: (error: DuelcastError) => void;
}

class Tracker {
  dropped = 0;
  readonly #inside: Inside;
  #queue: Waiting[];
  #batch: readonly Waiting[] = [];
  #isSending = false;

  constructor(client: Client) {
    this.#inside = inside(client);
    this.#queue = this.#load();
  }

  track(event: string, data: Readonly<Record<string, unknown>> | undefined): Promise<TrackedEvent> {
    const occurredAt = iso(this.#inside.clock.now());
    return new Promise((resolve, reject) => {
      this.#queue.push({ event: copied({ event, eventId: uuid(), occurredAt, data }), resolve, reject });
      if (this.#queue.length > MAX_QUEUED) {
        this.dropped += 1;
        this.#queue.shift()?.reject(new DuelcastError("EVENT_DROPPED", "Too many events wait."));
      }
      this.#changed();
    });
  }

  #changed(): void {
    this.#save();
    if (this.#isSending || this.#queue.length === 0) return;
    this.#isSending = true;
    submit(this.#inside.link("analytics"), {
      command: () => this.#command(),
      isRepeatable: true,
      timeoutMs: Infinity,
      retriesAfter: waits,
      settle: (result) => this.#settle(result),
    });
  }

  #command(): Frame {
    let length = 0;
    this.#batch = this.#queue.slice(0, MAX_IN_BATCH).filter(({ event }, index) => {
      length += JSON.stringify(event).length;
      return index === 0 || length <= MAX_BATCH_LENGTH;
    });
    const offsetMs = this.#inside.clockOffsetMs.next ?? 0;
    const events = this.#batch.map(({ event }) => ({ ...event, occurredAt: iso(time(event.occurredAt) + offsetMs) }));
    return { type: "track_event", events };
  }

  #settle(result: Frame | DuelcastError): void {
    this.#isSending = false;
    if (isClosed(result)) {
      // The storage keeps them for the next client.
      for (const { reject } of this.#queue) reject(result);
      return;
    }
    const done = new Set(this.#batch);
    this.#queue = this.#queue.filter((waiting) => !done.has(waiting));
    for (const { event, resolve, reject } of done) {
      if (result instanceof DuelcastError) reject(result);
      else resolve(stored(result, event));
    }
    this.#changed();
  }

  #load(): Waiting[] {
    const { clock, storage } = this.#inside;
    const oldest = clock.now() - MAX_AGE_MS;
    const events = records(parsed(String(storage?.getItem(STORAGE_KEY))));
    const fresh = events.filter(({ occurredAt }) => time(occurredAt) > oldest);
    return fresh.map((event) => ({ event, resolve: ignore, reject: ignore }));
  }

  #save(): void {
    try {
      this.#inside.storage?.setItem(STORAGE_KEY, JSON.stringify(this.#queue.map(({ event }) => event)));
    } catch {
      // The storage is full or switched off: the events live as long as the client.
    }
  }
}

function iso(ms: number): string {
  // Beyond that there is no `Date`.
  return new Date(Math.min(ms, 8.64e15)).toISOString();
}

/** Whether events wait after an error: the server may accept them later, or it has not seen them. */
function waits(error: DuelcastError): boolean {
  return error.retriable || (error.details === undefined && !isClosed(error));
}

function isClosed(result: Frame | DuelcastError): result is DuelcastError {
  return result.code === "CLOSED";
}

function stored(answer: Frame, event: Waiting["event"]): TrackedEvent {
  const found: unknown = records(answer.events).find(({ eventId }) => eventId === event.eventId);
  return (found ?? { ...event, duplicate: false }) as TrackedEvent;
}
