/** `wake` is for platforms that report the end of sleep; elsewhere the client sees it in the clock. */
export type PageEvent = "hidden" | "visible" | "online" | "wake";

/** The surroundings of a client; by default the page in the browser. */
export interface Page {
  /** While it is hidden, the client does not dial. */
  readonly isHidden: boolean;
  /** Calls `listener` with every event until the returned function is called. */
  listen(listener: (event: PageEvent) => void): () => void;
}

/** The page in a browser; always visible elsewhere. */
export const browserPage: Page = {
  get isHidden() {
    return globalThis.document?.visibilityState === "hidden";
  },
  listen(listener) {
    const end = new AbortController();
    const { signal } = end;
    const changed = (): void => listener(browserPage.isHidden ? "hidden" : "visible");
    globalThis.document?.addEventListener("visibilitychange", changed, { signal });
    globalThis.addEventListener?.("online", () => listener("online"), { signal });
    return () => end.abort();
  },
};
