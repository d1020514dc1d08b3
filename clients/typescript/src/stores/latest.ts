import type { Frame } from "../core/frame.js";
import type { Follower, Status } from "../core/interest.js";
import type { DuelcastError } from "../errors.js";
import type { Flush } from "./flush.js";
import { FollowedStore, Listeners, type Store } from "./store.js";

/** The newest value for each key. */
export interface LatestStore<K, V> extends Store<ReadonlyMap<K, V>> {
  /** The value of one key; its listeners are called when that value changes, and not when others do. */
  at(key: K): Store<V | undefined>;
}

/** Keeps the newest value for each key that `read` finds in a message. */
export class LatestValues<K, V> extends FollowedStore<ReadonlyMap<K, V>> implements LatestStore<K, V> {
  readonly #read: (frame: Frame) => readonly [K, V] | undefined;
  readonly #cells = new Map<K, Cell<K, V>>();
  /** The published values; `#whole` is a copy that never changes, made when somebody asks for it. */
  readonly #values = new Map<K, V>();
  readonly #next = new Map<K, V | undefined>();
  #whole: ReadonlyMap<K, V> | undefined;
  /** The channel that each key belongs to. */
  readonly #channels = new Map<K, unknown>();
  /** The keys that the snapshots under way have not contained yet. */
  readonly #absent = new Set<K>();

  constructor(
    flush: Flush,
    follow: (follower: Follower) => () => void,
    read: (frame: Frame) => readonly [K, V] | undefined,
  ) {
    super(flush, follow);
    this.#read = read;
  }

  override get(): ReadonlyMap<K, V> {
    return (this.#whole ??= new Map(this.#values));
  }

  at(key: K): Store<V | undefined> {
    let cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, (cell = new Cell(this, key)));
    return cell;
  }

  /** The published value of a key. */
  value(key: K): V | undefined {
    return this.#values.get(key);
  }

  override begin(channel?: string): void {
    for (const [key, from] of this.#channels) if (channel === undefined || channel === from) this.#absent.add(key);
  }

  override receive(frame: Frame): void {
    const entry = this.#read(frame);
    if (entry === undefined) return;
    const [key, value] = entry;
    this.#absent.delete(key);
    this.#channels.set(key, frame.channel);
    this.#next.set(key, value);
    this.changed();
  }

  protected override complete(): void {
    if (this.#absent.size === 0) return;
    for (const key of this.#absent) {
      this.#channels.delete(key);
      this.#next.set(key, undefined);
    }
    this.#absent.clear();
    this.changed();
  }

  override publish(): Iterable<() => void> {
    const [before, listeners] = [this.status, super.publish()];
    if (before === this.status) return listeners;
    return [...listeners, ...[...this.#cells.values()].flatMap(({ listeners: own }) => [...own])];
  }

  protected override publishValue(): Iterable<() => void> | undefined {
    if (this.#next.size === 0) return undefined;
    const listeners: (() => void)[] = [];
    for (const [key, value] of this.#next) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
      listeners.push(...(this.#cells.get(key)?.listeners ?? []));
    }
    this.#next.clear();
    this.#whole = undefined;
    return listeners;
  }
}

class Cell<K, V> implements Store<V | undefined> {
  readonly listeners = new Listeners();
  readonly #store: LatestValues<K, V>;
  readonly #key: K;

  constructor(store: LatestValues<K, V>, key: K) {
    this.#store = store;
    this.#key = key;
  }

  get status(): Status {
    return this.#store.status;
  }

  get error(): DuelcastError | undefined {
    return this.#store.error;
  }

  get(): V | undefined {
    return this.#store.value(this.#key);
  }

  subscribe(listener: () => void): () => void {
    return this.listeners.add(listener, this.#store.want());
  }
}
