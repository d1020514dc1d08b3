import type { ErrorRecord } from "@duelcast/client/types";

/** Errors of the same service, source and level with the same text. */
export interface ErrorGroup {
  readonly key: string;
  readonly newest: ErrorRecord;
  /** Newest first. */
  readonly records: readonly ErrorRecord[];
  /** How many errors the records stand for. */
  readonly count: number;
  /** When the first of them occurred. */
  readonly since: string;
}

/** Numbers and ids in a text, by which equal errors differ. */
const VARIABLE = /0x[\da-f]+|[\da-f]{8,}|\d+/gi;

/** Records, newest first, as groups, of which the one with the newest error comes first. */
export function groupsOf(records: readonly ErrorRecord[]): ErrorGroup[] {
  const groups = new Map<string, ErrorRecord[]>();
  for (const record of records) {
    const key = [record.service, record.source, record.level, record.error.replace(VARIABLE, "#")].join("\n");
    const found = groups.get(key);
    if (found) found.push(record);
    else groups.set(key, [record]);
  }
  return [...groups].map(([key, members]) => ({
    key,
    newest: members[0]!,
    records: members,
    count: members.reduce((sum, { count }) => sum + count, 0),
    since: members.at(-1)!.timestamp,
  }));
}

/** The records whose text, source or service has a text. */
export function searched(records: readonly ErrorRecord[], text: string): ErrorRecord[] {
  const wanted = text.trim().toLowerCase();
  return records.filter(({ error, source, service }) => `${error} ${source} ${service}`.toLowerCase().includes(wanted));
}
