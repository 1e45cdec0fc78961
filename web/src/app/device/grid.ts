/** The times that a chart shows, in ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** How a long chart is divided: so many columns, a pixel each, of so many ms. */
export interface Grid {
  readonly points: number;
  readonly column: number;
}

/** The finest rollup is that of a minute: narrower columns would be made from all readings, and come late. */
const NARROWEST = 60_000;
/** So many points of one series the API gives. */
const MOST = 10_000;

export function grid(span: number, pixels: number): Grid {
  const points = Math.max(1, Math.min(pixels, Math.floor(span / NARROWEST), MOST));
  return { points, column: Math.ceil(span / points) };
}

/** Columns are cut by the clock, so that they stay what they are while the window slides; `now` is in the last one. */
export function windowAt(now: number, { points, column }: Grid): Window {
  const to = (Math.floor(now / column) + 1) * column;
  return { from: to - points * column, to };
}

/** How many columns hold any of these times, which ascend. */
export function columnsWith(at: readonly number[], column: number): number {
  const share = (time: number) => Math.floor(time / column);
  return at.filter((time, index) => share(time) !== share(at[index - 1] ?? -Infinity)).length;
}
