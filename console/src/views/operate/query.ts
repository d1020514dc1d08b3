import { useSearchParams } from "wouter";

/** The filters in the query of the address. */
export interface Query {
  /** The value of a filter; empty if it is not set. */
  get(name: string): string;
  set(name: string, value: string): void;
  /** The query with its question mark; empty if no filter is set. */
  readonly address: string;
}

/** Filters that are kept in the address, so that it can be shared and reloaded. Changes add no steps to the history. */
export function useQuery(): Query {
  const [query, setQuery] = useSearchParams();
  return {
    get: (name) => query.get(name) ?? "",
    set(name, value) {
      setQuery((before) => withFilter(before, name, value), { replace: true });
    },
    address: query.size > 0 ? `?${query}` : "",
  };
}

function withFilter(before: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(before);
  if (value === "") next.delete(name);
  else next.set(name, value);
  return next;
}
