import type { Value } from '../api/types';

/** What a chart shows of one series, in order of time. */
export interface Line {
  readonly at: readonly number[];
  readonly value: readonly Value[];
}

/** A line and what came after its last reading: the stream brings it sooner than the next answer does. */
export function continued(line: Line, newer: Line): Line {
  const last = line.at.at(-1) ?? -Infinity;
  const first = newer.at.findLastIndex((at) => at <= last) + 1;
  return { at: [...line.at, ...newer.at.slice(first)], value: [...line.value, ...newer.value.slice(first)] };
}
