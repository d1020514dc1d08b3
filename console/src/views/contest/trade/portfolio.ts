import { texts } from "../../../app/texts";

/** The server accepts at most this many tokens in a portfolio. */
export const MAX_TOKENS = 50;
const FULL = 100;
/** Quantities that differ less, relatively, are the same; the server does not trade them either. */
const ROUNDING_NOISE = 1e-12;

/** A token chosen for a portfolio; the weight is undefined as long as none was given. */
export interface Choice {
  readonly symbol: string;
  readonly weight: number | undefined;
}

/** A token whose quantity is known. */
export interface Position {
  readonly symbol: string;
  readonly quantity: number;
}

/** Something that the server would refuse. `field` has the form of the server's, such as `portfolio[2].weight`. */
export interface Fault {
  readonly field: string;
  readonly text: string;
}

/** What is known of a token's price. */
export interface Quoted {
  readonly price: number;
  readonly stale: boolean;
}

/** What decides whether the server accepts a portfolio. */
export interface Conditions {
  /** Empty if all symbols are allowed. */
  readonly allowed: readonly string[];
  readonly quote: (symbol: string) => Quoted | undefined;
  /** Whether the portfolio is bought now, for which no price may be stale. */
  readonly isTrade: boolean;
}

/** Everything that the server would refuse in a portfolio; none if it accepts it. */
export function faults(choices: readonly Choice[], { allowed, quote, isTrade }: Conditions): Fault[] {
  const found: Fault[] = [];
  const add = (field: string, text: string): number => found.push({ field, text });
  const { faults: words } = texts.trade;
  if (choices.length === 0) add("portfolio", words.none);
  if (choices.length > MAX_TOKENS) add("portfolio", words.tooMany(MAX_TOKENS));
  const seen = new Set<string>();
  for (const [index, { symbol, weight }] of choices.entries()) {
    const field = `portfolio[${index}].symbol`;
    const quoted = quote(symbol);
    if (seen.has(symbol)) add(field, words.twice(symbol));
    else if (allowed.length > 0 && !allowed.includes(symbol)) add(field, words.notAllowed(symbol));
    else if (!quoted) add(field, words.noPrice(symbol));
    else if (isTrade && quoted.stale) add(field, words.stale(symbol));
    if (!isWeight(weight)) add(`portfolio[${index}].weight`, words.weight);
    seen.add(symbol);
  }
  const total = sum(choices);
  if (choices.length > 0 && total !== FULL) add("portfolio", words.sum(String(total)));
  return found;
}

/** The sum of the weights. */
export function sum(choices: readonly Choice[]): number {
  return choices.reduce((total, { weight }) => total + (weight ?? 0), 0);
}

/**
 * The choices with whole weights that add up to 100. What is missing goes to those without a weight in equal parts; if all
 * have one, or nothing is left for those without, all weights change in proportion. None is less than 1.
 */
export function fillUp(choices: readonly Choice[]): Choice[] {
  const given = choices.filter(({ weight }) => isWeight(weight));
  const left = FULL - sum(given);
  const open = choices.length - given.length;
  if (open > 0 && left >= open) {
    const parts = apportion(left, Array<number>(open).fill(1));
    return choices.map((choice) => (isWeight(choice.weight) ? choice : { ...choice, weight: parts.shift()! }));
  }
  const parts = apportion(
    FULL,
    choices.map(({ weight }) => (isWeight(weight) ? weight : 1)),
  );
  return choices.map((choice, index) => ({ ...choice, weight: parts[index]! }));
}

/** Divides a whole number in proportion to some weights, each part at least 1; the largest remainders are rounded up. */
function apportion(total: number, weights: readonly number[]): number[] {
  const spare = total - weights.length;
  const all = weights.reduce((one, other) => one + other, 0);
  const exact = weights.map((weight) => (spare * weight) / all);
  const parts = exact.map((part) => 1 + Math.floor(part));
  const rest = total - parts.reduce((one, other) => one + other, 0);
  const byRemainder = [...exact.keys()].sort((a, b) => (exact[b]! % 1) - (exact[a]! % 1) || a - b);
  for (const index of byRemainder.slice(0, rest)) parts[index]! += 1;
  return parts;
}

function isWeight(weight: number | undefined): weight is number {
  return weight !== undefined && Number.isInteger(weight) && weight >= 1 && weight <= FULL;
}

/** What a change does to a token. Values are undefined without a price. */
export interface Line {
  readonly symbol: string;
  readonly price: number | undefined;
  /** The value held now, and its share of the whole in per cent. */
  readonly value: number | undefined;
  readonly share: number | undefined;
  readonly nextWeight: number;
  readonly nextValue: number | undefined;
  /** What is bought, or sold if it is below 0. */
  readonly traded: number | undefined;
}

/** What a change of portfolio does at some prices, by symbol; `total` is the value of all that is held. */
export function effect(
  held: readonly Position[],
  choices: readonly Choice[],
  quote: (symbol: string) => Quoted | undefined,
  total: number,
): Line[] {
  const before = new Map(held.map(({ symbol, quantity }) => [symbol, quantity]));
  const after = new Map(choices.map(({ symbol, weight }) => [symbol, weight ?? 0]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().map((symbol) => {
    const price = quote(symbol)?.price;
    const [quantity, nextWeight] = [before.get(symbol) ?? 0, after.get(symbol) ?? 0];
    if (price === undefined) {
      return { symbol, price, value: undefined, share: undefined, nextWeight, nextValue: undefined, traded: undefined };
    }
    const [value, nextValue] = [quantity * price, (total * nextWeight) / FULL];
    const next = nextValue / price;
    const isSame = Math.abs(next - quantity) <= ROUNDING_NOISE * Math.max(next, quantity);
    const traded = isSame ? 0 : next - quantity;
    return { symbol, price, value, share: total > 0 ? (value / total) * FULL : 0, nextWeight, nextValue, traded };
  });
}

/** The value of all that is held; undefined if the price of something is not known. */
export function valueOf(held: readonly Position[], quote: (symbol: string) => Quoted | undefined): number | undefined {
  let total = 0;
  for (const { symbol, quantity } of held) {
    const price = quote(symbol)?.price;
    if (price === undefined) return undefined;
    total += quantity * price;
  }
  return total;
}

/** Choices that were kept as text; undefined if the text has another form. */
export function parseChoices(text: string): Choice[] | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(found)) return undefined;
  const choices = found as readonly Partial<Record<keyof Choice, unknown>>[];
  const isValid = choices.every((one) => typeof one?.symbol === "string");
  if (!isValid) return undefined;
  return choices.map(({ symbol, weight }) => ({
    symbol: symbol as string,
    weight: typeof weight === "number" ? weight : undefined,
  }));
}
