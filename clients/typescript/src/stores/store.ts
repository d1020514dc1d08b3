import type { Frame } from "../core/frame.js";
import type { Follower, Status } from "../core/interest.js";
import type { DuelcastError } from "../errors.js";
import type { Flush, Publisher } from "./flush.js";

/**
 * A value that changes. Its first listener makes it wanted, and 5 s after the last one has gone it is not wanted any more.
 * Listeners are called once per frame of a visible page, however many messages arrive.
 */
export interface Store<T> {
  /** The value; the same object until something in it has changed. */
  get(): T;
  /** Calls `listener` after each change of the value, the status or the error, until the returned function is called. */
  subscribe(listener: () => void): () => void;
  readonly status: Status;
  /** Why the status is `refused`, or why it is `stale` for good. */
  readonly error: DuelcastError | undefined;
}

/** A set of listeners, in which the same function counts as often as it is added. */
export class Listeners implements Iterable<() => void> {
  readonly #entries = new Set<{ readonly listener: () => void }>();

  get size(): number {
    return this.#entries.size;
  }

  /** Adds a listener; the returned function removes it, and then calls `removed`. */
  add(listener: () => void, removed?: () => void): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    return () => {
      if (this.#entries.delete(entry)) removed?.();
    };
  }

  *[Symbol.iterator](): Iterator<() => void> {
    for (const { listener } of this.#entries) yield listener;
  }
}

/** A value that the client sets itself. */
export class ValueStore<T> implements Store<T>, Publisher {
  readonly status = "live";
  readonly error = undefined;
  readonly #flush: Flush;
  readonly #listeners = new Listeners();
  /** The value that will be published. */
  next: T;
  #value: T;

  constructor(flush: Flush, value: T) {
    this.#flush = flush;
    this.next = this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  set(value: T): void {
    this.next = value;
    this.#flush.add(this);
  }

  publish(): Iterable<() => void> {
    if (Object.is(this.next, this.#value)) return [];
    this.#value = this.next;
    return this.#listeners;
  }
}

/** What is common to the stores of channels: being wanted, status and listeners. */
export abstract class FollowedStore<T> implements Store<T>, Follower, Publisher {
  readonly #flush: Flush;
  readonly #follow: (follower: Follower) => () => void;
  readonly #listeners = new Listeners();
  #wants = 0;
  #unfollow: (() => void) | undefined;
  #next: { status: Status; error: DuelcastError | undefined } = { status: "idle", error: undefined };
  #published = this.#next;

  constructor(flush: Flush, follow: (follower: Follower) => () => void) {
    this.#flush = flush;
    this.#follow = follow;
  }

  get status(): Status {
    return this.#published.status;
  }

  get error(): DuelcastError | undefined {
    return this.#published.error;
  }

  subscribe(listener: () => void): () => void {
    const unwant = this.want();
    return this.#listeners.add(listener, unwant);
  }

  /** Makes it wanted until the returned function is called, once. */
  want(): () => void {
    if (this.#wants++ === 0) this.#unfollow = this.#follow(this);
    let isWanted = true;
    return () => {
      if (!isWanted) return;
      isWanted = false;
      if (--this.#wants === 0) this.#unfollow?.();
    };
  }

  change(status: Status, error: DuelcastError | undefined): void {
    if (status === "live") this.complete();
    if (status === this.#next.status && error === this.#next.error) return;
    this.#next = { status, error };
    this.changed();
  }

  publish(): Iterable<() => void> {
    const isNew = this.#published !== this.#next;
    this.#published = this.#next;
    const others = this.publishValue();
    return isNew || others !== undefined ? [...this.#listeners, ...(others ?? [])] : [];
  }

  abstract get(): T;
  abstract begin(channel?: string): void;
  abstract receive(frame: Frame): void;

  /** A snapshot is complete: values that it did not contain end. */
  protected abstract complete(): void;

  /** Publishes the value: returns further listeners to notify, or `undefined` if it has not changed. */
  protected abstract publishValue(): Iterable<() => void> | undefined;

  /** Something has changed: publishes it soon. */
  protected changed(): void {
    this.#flush.add(this);
  }
}
