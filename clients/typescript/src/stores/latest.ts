import { inside, type Client } from "../client.js";
import { emplace } from "../core/emplace.js";
import type { Frame } from "../core/frame.js";
import type { Status } from "../core/interest.js";
import { channelMembership } from "../core/membership.js";
import type { DuelcastError } from "../errors.js";
import type { ChannelOf, EndpointName, PushOf } from "../generated/messages.js";
import { Handlers } from "../shell/handlers.js";
import type { Publisher } from "./flush.js";
import { FollowedStore, type Store } from "./store.js";

/** The newest value for each key. */
export interface LatestStore<K, V> extends Store<ReadonlyMap<K, V>> {
  /** The value of one key; its listeners are called when that value changes, and not when others do. */
  at(key: K): Store<V | undefined>;
}

/** A key and its value; without a value, the key is removed. */
export type Entry<K, V> = readonly [key: K, value: V | undefined];

/** A message whose data may be anything. */
export interface Message {
  readonly type: string;
  readonly data?: unknown;
}

/**
 * Makes a store of the newest value for each key that `read` finds in the messages of a channel or group. Keep it: each call
 * makes another one, but all of a channel share one subscription.
 */
export function latest<K, V, E extends EndpointName, C extends ChannelOf<E> & string>(
  client: Client,
  endpoint: E,
  name: C,
  read: (message: PushOf<E, C>) => readonly Entry<K, V>[],
): LatestStore<K, V> {
  // Messages of the server are trusted to have the types of the contract.
  return new LatestValues<K, V>(client, endpoint, name, read as never);
}

/** A store of the newest values of a channel, made by `read` of its messages. */
export class LatestValues<K, V> extends FollowedStore<ReadonlyMap<K, V>> implements LatestStore<K, V> {
  readonly #read: (frame: Frame) => readonly Entry<K, V>[];
  readonly #cells = new Map<K, Cell<K, V>>();
  #values: ReadonlyMap<K, V> | undefined;
  #isChanged = false;

  constructor(client: Client, endpoint: EndpointName, name: string, read: (frame: Frame) => readonly Entry<K, V>[]) {
    const { flush, link } = inside(client);
    super(flush, link(endpoint), channelMembership(name));
    this.#read = read;
  }

  /** Made when somebody asks for it, because most look at cells. */
  override get(): ReadonlyMap<K, V> {
    return (this.#values ??= new Map(this.held.entries("") as Iterable<[K, V]>));
  }

  at(key: K): Store<V | undefined> {
    return emplace(this.#cells, key, () => new Cell(this, key));
  }

  /** The value of a key, which may not be published yet. */
  newest(key: K): V | undefined {
    return this.held.get("", key) as V | undefined;
  }

  override receive(frame: Frame): void {
    for (const [key, value] of this.#read(frame)) {
      if (value === undefined) this.remove("", key);
      else this.put("", key, value, frame.channel);
    }
  }

  override change(status: Status, error?: DuelcastError): void {
    super.change(status, error);
    for (const cell of this.#cells.values()) this.changed(cell);
  }

  protected override put(family: string, key: K, value: V, from: unknown): void {
    super.put(family, key, value, from);
    this.#changedAt(key);
  }

  protected override remove(family: string, key: K): void {
    super.remove(family, key);
    this.#changedAt(key);
  }

  protected override publishValue(): boolean {
    const isChanged = this.#isChanged;
    if (isChanged) this.#values = undefined;
    this.#isChanged = false;
    return isChanged;
  }

  #changedAt(key: K): void {
    const cell = this.#cells.get(key);
    if (cell) this.changed(cell);
    this.#isChanged = true;
  }
}

class Cell<K, V> implements Store<V | undefined>, Publisher {
  declare readonly initial: undefined;
  readonly #listeners = new Handlers<[]>();
  readonly #store: LatestValues<K, V>;
  readonly #key: K;
  #value: V | undefined;

  constructor(store: LatestValues<K, V>, key: K) {
    this.#store = store;
    this.#key = key;
    this.#value = store.newest(key);
  }

  get status(): Status {
    return this.#store.status;
  }

  get error(): DuelcastError | undefined {
    return this.#store.error;
  }

  get(): V | undefined {
    return this.#value;
  }

  subscribe(listener: () => void): () => void {
    return this.#listeners.add(listener, this.#store.want());
  }

  publish(): Handlers<[]> {
    this.#value = this.#store.newest(this.#key);
    return this.#listeners;
  }
}
