import type { Frame } from "../core/frame.js";
import type { Follower, Status } from "../core/interest.js";
import type { DuelcastError } from "../errors.js";
import type { Membership } from "../core/membership.js";
import { Handlers } from "../shell/handlers.js";
import type { Link } from "../shell/link.js";
import type { Flush, Publisher } from "./flush.js";
import { Held } from "./held.js";

/**
 * A value that changes. Its first listener makes it wanted, and 5 s after the last one has gone it is not wanted any more.
 * Listeners are called once per frame of a visible page, however many messages arrive.
 */
export interface Store<T> {
  /** The value; the same object until something in it has changed. */
  get(): T;
  /** The value before the store was first wanted; on a server, the value with which a page is rendered. */
  readonly initial: T;
  /** Calls `listener` after each change of the value, the status or the error, until the returned function is called. */
  subscribe(listener: () => void): () => void;
  readonly status: Status;
  /** Why the status is `refused`, or why it is `stale` for good. */
  readonly error: DuelcastError | undefined;
}

/** A value that the client sets itself. */
export class ValueStore<T> implements Store<T>, Publisher {
  declare readonly initial: T;
  readonly status = "live";
  declare readonly error: undefined;
  readonly #flush: Flush;
  readonly #listeners = new Handlers<[]>();
  /** The value that will be published. */
  next: T;
  #value: T;

  constructor(flush: Flush, value: T) {
    this.#flush = flush;
    this.next = this.#value = this.initial = value;
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

  publish(): Handlers<[]> | undefined {
    if (Object.is(this.next, this.#value)) return undefined;
    this.#value = this.next;
    return this.#listeners;
  }
}

/** The common part of the stores of channels: interest, snapshots, status and listeners. */
export abstract class FollowedStore<T> implements Store<T>, Follower, Publisher {
  protected readonly held: Held = new Held();
  protected readonly link: Link;
  readonly #flush: Flush;
  protected readonly membership: Membership;
  readonly #listeners = new Handlers<[]>();
  #wants = 0;
  /** The first value, from when it was first wanted. */
  #first: readonly [T] | undefined;
  #unfollow: (() => void) | undefined;
  #state: readonly [status: Status, error?: DuelcastError | undefined] = ["idle"];
  #published: readonly [status: Status, error?: DuelcastError | undefined] = this.#state;

  constructor(flush: Flush, link: Link, membership: Membership) {
    this.#flush = flush;
    this.link = link;
    this.membership = membership;
  }

  get status(): Status {
    return this.#published[0];
  }

  get error(): DuelcastError | undefined {
    return this.#published[1];
  }

  get initial(): T {
    return (this.#first ??= [this.get()])[0];
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener, this.want());
  }

  /** Makes it wanted until the returned function is called; it may be called once. */
  want(): () => void {
    if (this.#wants++ === 0) {
      void this.initial;
      this.#unfollow = this.link.follow(this.membership, this);
    }
    return () => {
      if (--this.#wants === 0) this.#unfollow?.();
    };
  }

  begin(channel: string): void {
    this.held.begin((from) => channel === this.membership.key || channel === from);
  }

  change(status: Status, error?: DuelcastError): void {
    if (status === "live") this.held.complete((family, key) => this.remove(family, key));
    if (status === this.#state[0] && error === this.#state[1]) return;
    this.#state = [status, error];
    this.changed();
  }

  publish(): Handlers<[]> | undefined {
    const isNew = this.#published !== this.#state;
    this.#published = this.#state;
    return this.publishValue() || isNew ? this.#listeners : undefined;
  }

  abstract get(): T;
  abstract receive(frame: Frame): void;

  /** Publishes the value; returns whether it has changed. */
  protected abstract publishValue(): boolean;

  /** Publishes soon. */
  protected changed(publisher: Publisher = this): void {
    this.#flush.add(publisher);
  }

  protected put(family: string, key: unknown, value: unknown, from?: unknown): void {
    this.held.put(family, key, value, from);
    this.changed();
  }

  protected remove(family: string, key?: unknown): void {
    this.held.remove(family, key);
    this.changed();
  }
}

/** A store whose value is an object, composed of the values that it holds. */
export abstract class ComposedStore<T extends object> extends FollowedStore<T> {
  #value: T | undefined;

  get(): T {
    return (this.#value ??= this.compose());
  }

  protected abstract compose(): T;

  protected override publishValue(): boolean {
    const [before, next] = [this.get(), this.compose()];
    const isSame = (Object.keys(next) as (keyof T)[]).every((name) => Object.is(next[name], before[name]));
    if (!isSame) this.#value = next;
    return !isSame;
  }
}
