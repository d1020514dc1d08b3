import type { Setting } from "@duelcast/client/types";

/** The settings of a category, or of all if it is empty, that have all words of a search in key or description. */
export function matching<T extends Setting>(settings: readonly T[], search: string, category: string): T[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return settings.filter((one) => {
    if (category !== "" && one.category !== category) return false;
    const text = `${one.key} ${one.description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The categories of settings, in alphabetical order. */
export function categoriesOf(settings: readonly Setting[]): string[] {
  return [...new Set(settings.flatMap(({ category }) => category ?? []))].sort();
}
