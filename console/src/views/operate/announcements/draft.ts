import type { Notification, NotificationInput } from "@duelcast/client/types";

/** The texts in the form of an announcement; `expires` is in the user's time zone. */
export interface Draft {
  readonly type: string;
  readonly title: string;
  readonly content: string;
  readonly priority: Priority;
  readonly link: string;
  readonly expires: string;
}

export type Priority = "low" | "medium" | "high" | "urgent";
export type Field = keyof Draft;

export const EMPTY: Draft = {
  type: "SYSTEM_ANNOUNCEMENT",
  title: "",
  content: "",
  priority: "medium",
  link: "",
  expires: "",
};

/** The request that sends an announcement to everybody. */
export function toInput(draft: Draft): NotificationInput {
  const expires = expiry(draft);
  return {
    broadcast: true,
    type: draft.type.trim(),
    title: draft.title.trim(),
    content: draft.content.trim(),
    priority: draft.priority,
    ...(draft.link.trim() !== "" && { link: draft.link.trim() }),
    ...(expires !== null && { expires_at: expires }),
  };
}

/** The announcement as its readers will see it. */
export function toPreview(draft: Draft, nowMs: number): Notification {
  return {
    id: 0,
    type: draft.type,
    title: draft.title,
    content: draft.content,
    priority: draft.priority,
    link: draft.link.trim() === "" ? null : draft.link.trim(),
    data: {},
    timestamp: new Date(nowMs).toISOString(),
    read: false,
    read_at: null,
    expires_at: expiry(draft),
  };
}

/** The field of the form to which a refused field belongs. */
export function fieldOf(path: string | undefined): Field | undefined {
  const name = path === "expires_at" ? "expires" : path;
  return name !== undefined && name in EMPTY ? (name as Field) : undefined;
}

function expiry({ expires }: Draft): string | null {
  const ms = new Date(expires).getTime();
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
