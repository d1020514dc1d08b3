/** `wake` is for platforms that report the end of sleep; elsewhere the client sees it in the clock. */
export type PageEvent = "hidden" | "visible" | "online" | "wake";

/** What the surroundings of a client say about themselves; those of the browser by default. */
export interface Page {
  /** While it is hidden, the client does not dial. */
  readonly isHidden: boolean;
  /** Calls `listener` with every event until the returned function is called. */
  listen(listener: (event: PageEvent) => void): () => void;
}

/** The page in a browser; always visible elsewhere. */
export const browserPage: Page = {
  get isHidden() {
    return typeof document !== "undefined" && document.visibilityState === "hidden";
  },
  listen(listener) {
    if (typeof document === "undefined" || typeof addEventListener === "undefined") return () => undefined;
    const changed = (): void => listener(document.visibilityState === "hidden" ? "hidden" : "visible");
    const online = (): void => listener("online");
    document.addEventListener("visibilitychange", changed);
    addEventListener("online", online);
    return () => {
      document.removeEventListener("visibilitychange", changed);
      removeEventListener("online", online);
    };
  },
};
