import { isRecord, number, text, type Frame } from "../core/frame.js";
import type { DuelcastError } from "../errors.js";
import type { ChatMessageRecord } from "../generated/messages.js";

/** A message of a chat: stored (`sent`), or one's own that is `pending` or has `failed`. */
export type ChatEntry =
  | ({ readonly status: "sent" } & Readonly<ChatMessageRecord>)
  | {
      readonly status: "pending" | "failed";
      readonly id?: undefined;
      readonly messageId: string;
      readonly text: string;
      /** Why it has failed. */
      readonly error?: DuelcastError;
    };

/** The messages of a chat: those that are stored in the order of their ids, and then one's own that are not. */
export class Chat {
  readonly #stored = new Map<number, ChatMessageRecord>();
  readonly #own = new Map<string, Exclude<ChatEntry, { status: "sent" }>>();
  /** The messages that the snapshot under way has not contained yet. */
  #absent: Set<number> | undefined;
  #entries: readonly ChatEntry[] | undefined = [];

  /** All messages; the same list until one of them has changed. */
  get entries(): readonly ChatEntry[] {
    if (this.#entries === undefined) {
      const stored = [...this.#stored.values()].sort((a, b) => a.id - b.id);
      this.#entries = [...stored.map((one): ChatEntry => ({ ...one, status: "sent" })), ...this.#own.values()];
    }
    return this.#entries;
  }

  begin(): void {
    this.#absent = new Set(this.#stored.keys());
  }

  complete(): void {
    for (const id of this.#absent ?? []) this.#remove(id);
    this.#absent = undefined;
  }

  receive({ type, data, id }: Frame): void {
    if (type === "chat_message" && isRecord(data) && number(data.id) !== undefined) {
      const message = data as unknown as ChatMessageRecord;
      this.#absent?.delete(message.id);
      this.#stored.set(message.id, message);
      this.#own.delete(text(message.messageId) ?? "");
      this.#entries = undefined;
    } else if (type === "chat_message_deleted" && number(id) !== undefined) {
      this.#remove(id as number);
    }
  }

  pending(messageId: string, content: string): void {
    this.#own.set(messageId, { status: "pending", messageId, text: content });
    this.#entries = undefined;
  }

  /** Marks a message that is still pending. */
  failed(messageId: string, error: DuelcastError): void {
    const message = this.#own.get(messageId);
    if (message === undefined) return;
    this.#own.set(messageId, { ...message, status: "failed", error });
    this.#entries = undefined;
  }

  dismiss(messageId: string): void {
    if (this.#own.delete(messageId)) this.#entries = undefined;
  }

  #remove(id: number): void {
    if (this.#stored.delete(id)) this.#entries = undefined;
  }
}
