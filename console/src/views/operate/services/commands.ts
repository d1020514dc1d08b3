import { endpoint, type DuelcastError } from "@duelcast/client";
import { client } from "../../../app/session";
import { signal } from "../../../app/signal";
import { operateTexts } from "../../../app/texts/operate";
import { asError } from "../../../data/reading";
import { ms } from "./figures";

/** The newest command to a service, and what has become of it. */
export interface Attempt {
  readonly command: string;
  readonly is: "pending" | "done" | "failed";
  readonly text: string;
}

/** The server may take 30 s for a command. */
const TIMEOUT_MS = 35_000;

/** The newest attempt by service; they outlive the panel, so that a command is not forgotten while others are looked at. */
export const attempts = signal<ReadonlyMap<string, Attempt>>(new Map());

/** Whether a command interrupts something, perhaps also the services that need this one. */
export function interrupts(command: string): boolean {
  return command === "stop" || command === "restart";
}

/** Whether a command changes nothing, so that nobody needs to confirm it. */
export function isHarmless(command: string): boolean {
  return command === "health_check";
}

/** Sends a command to a service. `hasDependents` says that the user knows that running services need it. */
export async function send(service: string, command: string, hasDependents: boolean): Promise<void> {
  const name = commandName(command);
  note(service, { command, is: "pending", text: operateTexts.services.pending(name) });
  try {
    const text = await answer(service, command, hasDependents);
    note(service, { command, is: "done", text: operateTexts.services.done(name, text) });
  } catch (failure) {
    const { message, code }: DuelcastError = asError(failure);
    note(service, { command, is: "failed", text: operateTexts.services.failed(name, message, code) });
  }
}

export function commandName(command: string): string {
  return operateTexts.services.commands[command] ?? command;
}

/** The server's own words, without the marks of code in them, once the command has taken effect. */
async function answer(service: string, command: string, hasDependents: boolean): Promise<string> {
  return (await said(service, command, hasDependents)).replaceAll("`", "");
}

async function said(service: string, command: string, hasDependents: boolean): Promise<string> {
  const breakers = endpoint(client, "circuit-breaker");
  const options = { timeoutMs: TIMEOUT_MS };
  if (command === "health_check") {
    const { healthy, latency_ms: latency } = await breakers.request("service:health_check", { service }, options);
    return operateTexts.services.checked(healthy, ms(latency));
  }
  if (command === "reset_circuit_breaker") {
    return (await breakers.request("service:reset_circuit_breaker", { service }, options)).details;
  }
  const params = command === "stop" && hasDependents ? { force: true } : undefined;
  const services = endpoint(client, "skyduel");
  return (await services.request("service_command", { serviceName: service, command, params }, options)).result.message;
}

function note(service: string, attempt: Attempt): void {
  attempts.set(new Map(attempts.get()).set(service, attempt));
}
