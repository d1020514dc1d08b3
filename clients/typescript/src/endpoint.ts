import { inside, type Client } from "./client.js";
import { emplace } from "./core/emplace.js";
import type { Frame } from "./core/frame.js";
import type { BodyOf, CommandOf, EndpointName, MessageOf, ReplyOf, TypeOf } from "./generated/messages.js";
import { request, type RequestOptions } from "./shell/calls.js";
import type { Link } from "./shell/link.js";
import { Handlers } from "./shell/handlers.js";

/** The commands and messages of an endpoint. */
export interface Endpoint<E extends EndpointName> {
  /**
   * Sends a command, and resolves with the message that answers it. After a lost connection it is sent again, if that
   * cannot make it take effect twice.
   *
   * Rejects with a `DuelcastError`: a code of the server, `TIMEOUT`, `ABORTED`, `CLOSED`, `REFUSED`, `MESSAGE_TOO_BIG`,
   * `TOO_MANY_REQUESTS`, or `OUTCOME_UNKNOWN` if the command may have taken effect and nobody can tell.
   */
  request<C extends CommandOf<E>>(command: C, body: BodyOf<E, C>, options?: RequestOptions): Promise<ReplyOf<E, C>>;
  /**
   * Calls `handler` with every message of a type, until the returned function is called. A handler
   * alone does not connect; a wanted store and a request do.
   */
  on<T extends TypeOf<E>>(type: T, handler: (message: MessageOf<E, T>) => void): () => void;
}

/** The commands and messages of an endpoint, such as `endpoint(client, "contest")`. */
export function endpoint<E extends EndpointName>(client: Client, name: E): Endpoint<E> {
  const { link, once } = inside(client);
  return once(`endpoint ${name}`, () => new LinkedEndpoint(link(name)));
}

/** Messages of the server are trusted to have the types of the contract. */
class LinkedEndpoint<E extends EndpointName> implements Endpoint<E> {
  readonly #link: Link;
  readonly #handlers = new Map<unknown, Handlers<[Frame]>>();

  constructor(link: Link) {
    this.#link = link;
    link.deliver = (frame) => this.#handlers.get(frame.type)?.call(frame);
  }

  request<C extends CommandOf<E>>(command: C, body: BodyOf<E, C>, options?: RequestOptions): Promise<ReplyOf<E, C>> {
    return request(this.#link, { ...(body as object), type: command }, options);
  }

  on<T extends TypeOf<E>>(type: T, handler: (message: MessageOf<E, T>) => void): () => void {
    const handlers = emplace(this.#handlers, type, () => new Handlers());
    return handlers.add(handler as unknown as (frame: Frame) => void);
  }
}
