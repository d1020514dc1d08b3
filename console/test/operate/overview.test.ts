import type { ServiceState, SkyDuelService } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { inTrouble, merged, withAlert, type PastAlert } from "../../src/views/operate/alerts";
import { sampled, type Samples } from "../../src/views/operate/history";
import { oldestFeed } from "../../src/views/operate/overview/oldest-feed";

const alert = (id: string, second = 0): PastAlert =>
  ({ alert: { id }, timestamp: new Date(second * 1000).toISOString() }) as PastAlert;
const state = (service: string, status: string): ServiceState => ({ service, status }) as ServiceState;
const feed = (name: string, ageMs?: number | null): SkyDuelService =>
  ({ name, metrics: ageMs === undefined ? {} : { ageMs } }) as SkyDuelService;

describe("alerts", () => {
  test("are kept newest first, each once", () => {
    const once = withAlert(withAlert([], alert("1")), alert("2"));
    expect(once.map((one) => one.alert.id)).toEqual(["2", "1"]);
    expect(withAlert(once, alert("1"))).toBe(once);
  });

  test("are bounded: the oldest go", () => {
    const many = Array.from({ length: 250 }, (_, id) => alert(String(id))).reduce<readonly PastAlert[]>(withAlert, []);
    expect(many).toHaveLength(200);
    expect(many[0]!.alert.id).toBe("249");
  });

  test("that were read and pushed are one list, each once and with what was read of it", () => {
    const transition = { before: "closed", after: "open", reason: "slow calls" };
    const read = [{ ...alert("2", 2), transition }, alert("1", 1)];
    const all = merged(read, [alert("3", 3), alert("2", 2)]);
    expect(all.map((one) => one.alert.id)).toEqual(["3", "2", "1"]);
    expect(all[1]!.transition).toBe(transition);
  });

  test("are open for services that do not work, the worst first", () => {
    const all = [state("b", "degraded"), state("a", "healthy"), state("c", "circuit_open"), state("d", "unknown")];
    expect(inTrouble(all).map((one) => one.service)).toEqual(["c", "b"]);
  });
});

describe("the history of a figure", () => {
  const start: Samples = { at: -Infinity, values: [] };

  test("has a value for each moment, and none for a repeated or older one", () => {
    const two = sampled(sampled(start, 5, 1000), 6, 2000);
    expect(two.values).toEqual([5, 6]);
    expect(sampled(two, 7, 2000)).toBe(two);
    expect(sampled(two, 7, 1500)).toBe(two);
  });

  test("forgets the oldest values", () => {
    const long = Array.from({ length: 500 }, (_, at) => at).reduce<Samples>(
      (before, at) => sampled(before, at, at),
      start,
    );
    expect(long.values).toHaveLength(180);
    expect(long.values.at(-1)).toBe(499);
  });
});

describe("the age of the feeds", () => {
  test("is that of the oldest, among the services that have one", () => {
    expect(oldestFeed([feed("store"), feed("feed_a", 20), feed("feed_b", 90), feed("feed_c", null)])).toEqual({
      name: "feed_b",
      ageMs: 90,
    });
    expect(oldestFeed([feed("store")])).toBeUndefined();
  });
});
