import type { BodyOf, CommandOf, EndpointName, MessageOf, ReplyOf, TypeOf } from "./generated/messages.js";
import type { Link, RequestOptions } from "./shell/link.js";

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
   * Calls `handler` with every message of a type, until the returned function is called. This alone does not connect: what
   * is wanted does, such as a store or a request.
   */
  on<T extends TypeOf<E>>(type: T, handler: (message: MessageOf<E, T>) => void): () => void;
}

/** The endpoint behind a link. What the server sends is trusted to have the types of the contract. */
export function endpointOf<E extends EndpointName>(link: Link): Endpoint<E> {
  return {
    request: (command, body, options) =>
      link.request({ ...(body as object), type: command }, options) as Promise<ReplyOf<E, typeof command>>,
    on: (type, handler) => link.on(type as string, (frame) => handler(frame as never)),
  };
}
