import type { Handlers } from "../shell/handlers.js";

/** Calls `run` once, soon: in the next frame of a visible page, otherwise in the next turn. */
export type Schedule = (run: () => void) => void;

/** The schedule of the platform. */
export const platformSchedule: Schedule = (run) => {
  if (globalThis.document?.visibilityState === "visible") requestAnimationFrame(run);
  else setTimeout(run, 0);
};

/** Something with values to publish and listeners to notify. */
export interface Publisher {
  /** Makes the values of the last messages those that everybody sees; returns the listeners if there is something new. */
  publish(): Handlers<[]> | undefined;
}

/** Publishes all that has changed at once, so that the values of different stores belong together. */
export class Flush {
  readonly #schedule: Schedule;
  readonly #changed = new Set<Publisher>();

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  add(publisher: Publisher): void {
    const isFirst = this.#changed.size === 0;
    this.#changed.add(publisher);
    if (isFirst) this.#schedule(() => this.run());
  }

  run(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const listeners of changed.map((publisher) => publisher.publish())) listeners?.call();
  }
}
