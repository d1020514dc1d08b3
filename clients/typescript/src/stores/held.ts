import { emplace } from "../core/emplace.js";

/** How many values with ids, such as messages, a family keeps: the newest. */
const MAX_IDS = 1000;

interface Item {
  readonly value: unknown;
  /** The channel whose snapshots contain it; none for values that the client made itself. */
  readonly from: unknown;
}

/**
 * The values of a store, in families, by key. A snapshot of a channel replaces what came from that channel: values that it
 * does not contain are removed when it is complete, and not before, so that nothing vanishes in between.
 */
export class Held {
  readonly #families = new Map<string, Map<unknown, Item>>();
  readonly #lists = new Map<string, readonly unknown[]>();
  /** The items that the snapshots under way have not contained yet. */
  readonly #absent = new Map<Item, readonly [family: string, key: unknown]>();

  get(family: string, key?: unknown): unknown {
    return this.#families.get(family)?.get(key)?.value;
  }

  /** The keys and values of a family. */
  *entries(family: string): Iterable<readonly [key: unknown, value: unknown]> {
    for (const [key, { value }] of this.#families.get(family) ?? []) yield [key, value];
  }

  put(family: string, key: unknown, value: unknown, from?: unknown): void {
    const items = emplace(this.#families, family, () => new Map<unknown, Item>());
    this.#forget(items.get(key));
    items.set(key, { value, from });
    this.#lists.delete(family);
    const ids = items.size > MAX_IDS ? [...items.keys()].filter(Number.isInteger) : [];
    if (ids.length > MAX_IDS) this.remove(family, Math.min(...(ids as number[])));
  }

  remove(family: string, key?: unknown): void {
    const items = this.#families.get(family);
    this.#forget(items?.get(key));
    if (items?.delete(key) === true) this.#lists.delete(family);
  }

  /** The values of a family in an order; the same list until one of them has changed. */
  list<V>(family: string, order?: (a: V, b: V) => number): readonly V[] {
    return emplace(this.#lists, family, () => {
      const list = Array.from(this.entries(family), ([, value]) => value as V);
      return order ? list.sort(order) : list;
    }) as readonly V[];
  }

  /** A snapshot of the channels that `covers` accepts begins. */
  begin(covers: (channel: unknown) => boolean): void {
    for (const [family, items] of this.#families) {
      for (const [key, item] of items) {
        if (item.from !== undefined && covers(item.from)) this.#absent.set(item, [family, key]);
      }
    }
  }

  /** Whether a snapshot under way has not contained a value yet. */
  isAbsent(family: string, key?: unknown): boolean {
    const item = this.#families.get(family)?.get(key);
    return item !== undefined && this.#absent.has(item);
  }

  /** The snapshots are complete: calls `remove` for each value that they did not contain. */
  complete(remove: (family: string, key: unknown) => void): void {
    for (const where of this.#absent.values()) remove(...where);
  }

  #forget(item: Item | undefined): void {
    if (item) this.#absent.delete(item);
  }
}
