import { act, createElement, type ReactNode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Client } from "../../src/index.js";
import { DuelcastProvider } from "../../src/react/index.js";
import { settled, type FakeSocket } from "../fakes.js";
import { Harness } from "../harness.js";
import { FakeServer } from "../server.js";

/** Fails a test in which React warns of anything, such as an update outside `act`, or a hydration that does not match. */
export function failOnWarnings(): void {
  let complaints: unknown[][];
  beforeEach(() => {
    complaints = [];
    vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
    vi.spyOn(console, "error").mockImplementation((...complaint: unknown[]) => void complaints.push(complaint));
    vi.spyOn(console, "warn").mockImplementation((...complaint: unknown[]) => void complaints.push(complaint));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    expect(complaints).toEqual([]);
  });
}

/** A page with React components, whose client has a server for each endpoint. */
export class Stage extends Harness {
  readonly container: HTMLElement = document.createElement("main");
  #root: Root | undefined;
  #client: Client = this.client;

  /** The endpoints that were dialled, in order. */
  get dialled(): (string | undefined)[] {
    return this.network.sockets.map(endpointOf);
  }

  /** What a user reads. */
  get text(): string {
    return this.container.textContent;
  }

  /** Renders a page with the client; lets its effects run, and shows what follows from them. */
  async render(page: ReactNode, { client = this.#client }: { client?: Client } = {}): Promise<void> {
    this.#client = client;
    await this.act(() => {
      this.#root ??= createRoot(this.container);
      this.#root.render(createElement(DuelcastProvider, { client }, page));
    });
  }

  /** Makes a page of the server's HTML interactive. */
  async hydrate(html: string, page: ReactNode): Promise<void> {
    this.container.innerHTML = html;
    await this.act(() => {
      this.#root = hydrateRoot(this.container, createElement(DuelcastProvider, { client: this.client }, page));
    });
  }

  async unmount(): Promise<void> {
    await this.act(() => this.#root?.unmount());
    this.#root = undefined;
  }

  /** Does something, and then shows all that follows from it. */
  async act(step: () => unknown): Promise<void> {
    await act(async () => {
      await step();
      await settled();
    });
    await act(() => this.frame());
  }

  /** The newest socket of an endpoint. */
  socketOf(endpoint: string): FakeSocket {
    const socket = this.network.sockets.filter((one) => endpointOf(one) === endpoint).at(-1);
    if (socket === undefined) throw new Error(`${endpoint} was not dialled.`);
    return socket;
  }

  /** Accepts the connection to an endpoint, answers what it asks, and shows it; `frames` are the snapshot. */
  async serve(endpoint: string, frames: readonly object[] = []): Promise<FakeServer> {
    const server = new FakeServer(this.socketOf(endpoint), frames);
    await this.act(() => server.accept());
    return server;
  }
}

function endpointOf({ url }: FakeSocket): string | undefined {
  return new URL(url).pathname.split("/").at(-1);
}
