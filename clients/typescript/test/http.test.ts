import { generateKeyPairSync, sign, verify } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { http } from "../src/http.js";
import { createClient, logout, refresh, signIn } from "../src/index.js";
import { base58 } from "../src/sign-in.js";
import { ManualClock } from "./fakes.js";

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

let server: Server;
let url: string;
let requests: { readonly line: string; readonly headers: IncomingMessage["headers"]; readonly body: string }[];
let answers: Answer[];

beforeEach(async () => {
  [requests, answers] = [[], []];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      const answer = answers.shift() ?? {};
      response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
    });
  });
  server.listen(0);
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe("http", () => {
  test("fills in the path and the query, and sends the token of the provider", async () => {
    const client = createClient({ url, token: () => Promise.resolve("t1") });
    answers.push({ body: '{"symbol":"A/B"}' });
    const answer = await http(client, "GET /api/v69/tokens/{symbol}/history", {
      parameters: { symbol: "A/B", interval: 60 } as never,
    });
    expect(answer).toEqual({ symbol: "A/B" });
    expect(requests[0]?.line).toBe("GET /api/v69/tokens/A%2FB/history?interval=60");
    expect(requests[0]?.headers.authorization).toBe("Bearer t1");
    expect(requests[0]?.headers["content-type"]).toBeUndefined();
  });

  test("sends a body with its idempotency key, and without a token if there is none", async () => {
    const client = createClient({ url: url.replace("http", "ws") });
    answers.push({ status: 204 });
    const body = [{ symbol: "SOL", price: 1 }] as never;
    const answer = await http(client, "POST /api/v69/tokens/trades", { body, parameters: { "Idempotency-Key": "k1" } });
    expect(answer).toBeUndefined();
    expect(requests[0]?.headers).toMatchObject({ "content-type": "application/json", "idempotency-key": "k1" });
    expect(requests[0]?.headers.authorization).toBeUndefined();
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual([{ symbol: "SOL", price: 1 }]);
  });

  test("rejects with the code of the problem, and when to come again", async () => {
    const client = createClient({ url });
    const problem = { code: "CONFLICT", detail: "Somebody has this nickname.", field: "nickname" };
    answers.push({ status: 409, headers: { "Retry-After": "3" }, body: JSON.stringify(problem) });
    const expected = { code: "CONFLICT", message: problem.detail, field: "nickname", retryAfterMs: 3000 };
    await expect(http(client, "GET /api/v69/contests", {})).rejects.toMatchObject({ ...expected, details: problem });
    answers.push({ status: 502, body: "<html>" });
    await expect(http(client, "GET /api/v69/contests", {})).rejects.toMatchObject({ code: "HTTP_502" });
  });

  test("rejects if there is no answer, or nobody waits for it any more", async () => {
    const gone = createClient({ url: "http://127.0.0.1:1" });
    await expect(http(gone, "GET /api/v69/contests", {})).rejects.toMatchObject({ code: "NETWORK_ERROR" });
    const client = createClient({ url });
    const aborted = http(client, "GET /api/v69/contests", { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: "ABORTED" });
    const failing = createClient({ url, token: () => Promise.reject(new Error("The provider fails.")) });
    await expect(http(failing, "GET /api/v69/contests", {})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

test("a call fails if the server does not answer within thirty seconds", async () => {
  const clock = new ManualClock();
  server.removeAllListeners("request");
  const asked = once(server, "request");
  const failed = http(createClient({ url, clock }), "GET /api/v69/contests", {}).catch((error) => error);
  const [request] = (await asked) as [IncomingMessage];
  const closed = once(request.socket, "close");
  await clock.advance(29_999);
  expect(await Promise.race([failed, "waits"])).toBe("waits");
  await clock.advance(1);
  expect(await failed).toMatchObject({ code: "TIMEOUT", retriable: true });
  await closed;
  expect(clock.timers).toBe(0);
});

describe("the token of a call", () => {
  const silent = { token: () => new Promise<string>(() => undefined) };

  test("fails the call if the provider does not answer within ten seconds", async () => {
    const clock = new ManualClock();
    const failed = http(createClient({ url, clock, ...silent }), "GET /api/v69/contests", {}).catch((error) => error);
    await clock.advance(9999);
    expect(await Promise.race([failed, "waits"])).toBe("waits");
    await clock.advance(1);
    expect(await failed).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("is not waited for after the signal, and leaves nothing behind", async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const removed = vi.spyOn(abort.signal, "removeEventListener");
    const failed = http(createClient({ url, clock, ...silent }), "GET /api/v69/contests", { signal: abort.signal });
    const cause = new Error("Nobody waits.");
    abort.abort(cause);
    await expect(failed).rejects.toMatchObject({ code: "ABORTED", cause });
    expect(clock.timers).toBe(0);
    expect(removed).toHaveBeenCalled();
    expect(requests).toEqual([]);
  });

  test("must be a string or null", async () => {
    const client = createClient({ url, token: () => 42 as unknown as string });
    const failed = http(client, "GET /api/v69/contests", {});
    await expect(failed).rejects.toMatchObject({ code: "UNAVAILABLE", cause: expect.any(TypeError) });
    expect(requests).toEqual([]);
  });

  test("is none if it is empty", async () => {
    answers.push({ body: "{}" });
    await http(createClient({ url, token: "" }), "GET /api/v69/contests", {});
    expect(requests[0]?.headers.authorization).toBeUndefined();
  });
});

test("a client needs a URL", () => {
  for (const none of ["", "nonsense", "/api"]) expect(() => createClient({ url: none })).toThrow(TypeError);
});

describe("sign-in", () => {
  test("lets the wallet sign the message of the server", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const address = base58(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
    const signatures: Uint8Array[] = [];
    const wallet = {
      address,
      sign: async (bytes: Uint8Array) => {
        signatures.push(sign(null, bytes, privateKey));
        return signatures[0]!;
      },
    };
    answers.push({ body: '{"challengeId":"c1","message":"Sign in é"}' }, { body: '{"token":"t1"}' });
    expect(await signIn(`${url}/`, wallet)).toEqual({ token: "t1" });
    expect(requests.map(({ line }) => line)).toEqual(["POST /api/v69/auth/challenge", "POST /api/v69/auth/verify"]);
    expect(verify(null, new TextEncoder().encode("Sign in é"), publicKey, signatures[0]!)).toBe(true);
    const body = { challengeId: "c1", wallet: address, signature: base58(signatures[0]!) };
    expect(JSON.parse(requests[1]?.body ?? "")).toEqual(body);
  });

  test("is prolonged and ended with the token", async () => {
    answers.push({ body: '{"token":"t2"}' }, { status: 204 });
    expect(await refresh(url, "t1")).toEqual({ token: "t2" });
    await logout(url, "t2");
    const lines = requests.map(({ line, headers }) => `${line} ${headers.authorization}`);
    expect(lines).toEqual(["POST /api/v69/auth/refresh Bearer t1", "POST /api/v69/auth/logout Bearer t2"]);
  });

  test.each([
    ["", ""],
    ["00", "1"],
    ["0000287fb4cd", "11233QC4"],
    ["ff", "5Q"],
    ["48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U"],
  ])("writes %s in base58 as %s", (hex, text) => {
    expect(base58(Uint8Array.from(Buffer.from(hex, "hex")))).toBe(text);
  });
});
