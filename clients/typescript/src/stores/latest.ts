import type { Frame } from "../core/frame.js";
import type { Follower, Status } from "../core/interest.js";
import type { DuelcastError } from "../errors.js";
import { Handlers } from "../shell/handlers.js";
import type { Flush } from "./flush.js";
import { FollowedStore, type Store } from "./store.js";

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
  readonly #changed = new Set<K>();
  #whole: ReadonlyMap<K, V> | undefined;

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

  override receive(frame: Frame): void {
    const entry = this.#read(frame);
    if (entry === undefined) return;
    this.#changed.add(entry[0]);
    this.put("", ...entry, frame.channel);
  }

  override publish(): Iterable<() => void> {
    const { status } = this;
    const changed = [...this.#changed];
    const listeners = super.publish();
    // A new status concerns every cell.
    const cells = status === this.status ? changed.map((key) => this.#cells.get(key)) : this.#cells.values();
    return [...listeners, ...Array.from(cells).flatMap((cell) => [...(cell?.listeners ?? [])])];
  }

  protected override remove(family: string, key: K): void {
    this.#changed.add(key);
    super.remove(family, key);
  }

  protected override publishValue(): boolean {
    if (this.#changed.size === 0) return false;
    for (const key of this.#changed) {
      const value = this.held.get("", key) as V | undefined;
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
    this.#changed.clear();
    this.#whole = undefined;
    return true;
  }
}

class Cell<K, V> implements Store<V | undefined> {
  readonly listeners: Handlers<[]> = new Handlers<[]>();
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
