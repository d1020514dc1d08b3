import type { SkyDuelService } from "@duelcast/client/types";
import { describe, expect, test } from "vitest";
import { layersOf, layerStatus } from "../../src/views/operate/services/layers";

const service = (name: string, layer: string): SkyDuelService => ({ name, layer }) as SkyDuelService;

describe("layers", () => {
  test("come from the prices up, then by name, each with its services by name", () => {
    const all = [service("store", "infrastructure"), service("x", "zoo"), service("y", "art"), service("b", "data")];
    expect(layersOf([...all, service("a", "data")])).toEqual([
      { name: "data", services: ["a", "b"] },
      { name: "infrastructure", services: ["store"] },
      { name: "art", services: ["y"] },
      { name: "zoo", services: ["x"] },
    ]);
  });

  test("are as bad as their worst service", () => {
    expect(layerStatus(["healthy", "circuit_open", "degraded"])).toBe("critical");
    expect(layerStatus(["healthy", "stopped"])).toBe("warning");
    expect(layerStatus(["healthy", "unknown"])).toBe("operational");
    expect(layerStatus(["unknown"])).toBe("unknown");
    expect(layerStatus([])).toBe("unknown");
  });
});
