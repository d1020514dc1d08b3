/**
 * By how many rows each key that is in both orders was further down before; below 0, it was further up. Keys that have
 * kept their places are left out.
 */
export function moves(before: readonly string[], after: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map(before.map((key, index) => [key, index]));
  const moved = new Map<string, number>();
  for (const [index, key] of after.entries()) {
    const place = places.get(key);
    if (place !== undefined && place !== index) moved.set(key, place - index);
  }
  return moved;
}
