import { inside, type Client } from "../client.js";
import type { Frame } from "../core/frame.js";
import { channelMembership } from "../core/membership.js";
import type { ChannelOf, EndpointName, PushOf } from "../generated/messages.js";
import { Handlers } from "../shell/handlers.js";
import { FollowedStore, type Store } from "./store.js";

/** The messages of a channel, as they arrive. As a store, it has no value, but the status. */
export interface Feed<M> extends Store<undefined> {
  /**
   * Makes the channel wanted and calls `handler` with its messages, in order, until the returned function is called. All
   * handlers share one subscription: one that is added to a followed channel hears what arrives from then on.
   */
  on(handler: (message: M) => void): () => void;
}

/** The messages of any channel or group: first those of the snapshot, then the changes, and after a gap those missed. */
export function channel<E extends EndpointName, C extends ChannelOf<E> & string>(
  client: Client,
  endpoint: E,
  name: C,
): Feed<PushOf<E, C>> {
  const { flush, link, once } = inside(client);
  return once(`channel ${endpoint} ${name}`, () => {
    return new ChannelFeed<PushOf<E, C>>(flush, link(endpoint), channelMembership(name));
  });
}

class ChannelFeed<M> extends FollowedStore<undefined> implements Feed<M> {
  readonly #handlers = new Handlers<[M]>();

  on(handler: (message: M) => void): () => void {
    return this.#handlers.add(handler, this.want());
  }

  override get(): undefined {
    return undefined;
  }

  override receive(frame: Frame): void {
    this.#handlers.call(frame as unknown as M);
  }

  protected override publishValue(): boolean {
    return false;
  }
}
