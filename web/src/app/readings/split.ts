import type { Value } from '../api/types';

/** Readings of several series as columns: a page of history or a frame of the live stream. */
export interface Readings {
  readonly series: readonly number[];
  readonly at: readonly number[];
  readonly value: readonly Value[];
}

export interface Part {
  readonly at: number[];
  readonly value: Value[];
}

/** Takes columns of several series apart, in the order given. */
export function split(readings: Readings): Map<number, Part> {
  const parts = new Map<number, Part>();
  readings.series.forEach((series, index) => {
    const at = readings.at[index];
    const value = readings.value[index];
    if (at === undefined || value === undefined) {
      return;
    }
    const part = parts.get(series) ?? { at: [], value: [] };
    parts.set(series, part);
    part.at.push(at);
    part.value.push(value);
  });
  return parts;
}
