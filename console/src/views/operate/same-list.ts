/** Whether two lists have the same names in the same order. */
export function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.join() === other.join();
}
