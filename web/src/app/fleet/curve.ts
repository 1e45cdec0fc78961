import type { Columns } from '../readings/columns';
import { height } from '../readings/display';

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** The corners of a line, by time. */
export interface Curve {
  readonly at: number[];
  readonly values: number[];
}

/** Few enough that each is seen: a small line of many more would be a blot. */
const MOST_CORNERS = 90;

/** A state holds from its reading on, so the last one before the window is its first corner. */
export function held(columns: Columns, window: Window): Curve {
  const start = Math.max(0, begin(columns, window) - 1);
  return {
    at: columns.at.slice(start).map((at) => Math.max(at, window.from)),
    values: columns.value.slice(start).map(height),
  };
}

/** The mean of each share of the window. Shares are cut by the clock, so that they stay as the window slides. */
export function averaged(columns: Columns, window: Window): Curve {
  const length = (window.to - window.from) / MOST_CORNERS;
  const share = (index: number) => Math.floor((columns.at[index] ?? 0) / length);
  const curve: Curve = { at: [], values: [] };
  let first = begin(columns, window);
  for (let index = first + 1; index <= columns.at.length; index += 1) {
    if (index === columns.at.length || share(index) !== share(first)) {
      curve.at.push(mean(columns.at.slice(first, index)));
      curve.values.push(mean(columns.value.slice(first, index).map(height)));
      first = index;
    }
  }
  return curve;
}

function begin(columns: Columns, window: Window): number {
  const first = columns.at.findIndex((at) => at >= window.from);
  return first < 0 ? columns.at.length : first;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}
