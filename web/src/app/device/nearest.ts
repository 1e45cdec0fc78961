export interface Pointer {
  readonly at: number;
  readonly value: number;
  /** Milliseconds on either side that look the same. */
  readonly reach: number;
}

/** Of the readings that share the pointer's pixel the one closest in value, so that a lone peak can be pointed at. */
export function nearest(
  at: ArrayLike<number>,
  value: ArrayLike<number | null | undefined> | undefined,
  closest: number,
  pointer: Pointer,
): number {
  const away = (index: number) => Math.abs((value?.[index] ?? Infinity) - pointer.value);
  const shares = (index: number) => Math.abs((at[index] ?? NaN) - pointer.at) <= pointer.reach;
  let found = closest;
  for (const step of [-1, 1]) {
    for (let index = closest + step; shares(index); index += step) {
      found = away(index) < away(found) ? index : found;
    }
  }
  return found;
}
