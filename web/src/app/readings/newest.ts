import { Service, signal, type Signal, type WritableSignal } from '@angular/core';

import type { Value } from '../api/types';
import { decimals } from './display';
import { type Part, type Readings, split } from './split';

export interface Newest {
  readonly at: number;
  readonly value: Value;
  /** Most decimals that this series has shown, so that 21 among 20.9 and 21.1 is written 21.0. */
  readonly decimals: number;
}

/** Readings whose decimals are looked at in one go: writing numbers out is dear. */
const LOOKED_AT = 20;

/** The newest reading of each series, as a signal of its own, so that a reading redraws one value and no page. */
@Service({ autoProvided: false })
export class NewestReadings {
  private readonly signals = new Map<number, WritableSignal<Newest | null>>();

  of(series: number): Signal<Newest | null> {
    return this.signal(series).asReadonly();
  }

  /** A late reading is older than what is shown, and changes no value. */
  take(readings: Readings): void {
    for (const [series, part] of split(readings)) {
      const known = this.signal(series);
      const before = known();
      const newest = newestOf(part);
      const most = Math.max(before?.decimals ?? 0, ...part.value.slice(-LOOKED_AT).map(decimals));
      if (newest && newest.at > (before?.at ?? -Infinity)) {
        known.set({ ...newest, decimals: most });
      } else if (before && most > before.decimals) {
        known.set({ ...before, decimals: most });
      }
    }
  }

  private signal(series: number): WritableSignal<Newest | null> {
    let found = this.signals.get(series);
    if (!found) {
      found = signal(null);
      this.signals.set(series, found);
    }
    return found;
  }
}

function newestOf(part: Part): { at: number; value: Value } | undefined {
  let newest: { at: number; value: Value } | undefined;
  part.at.forEach((at, index) => {
    const value = part.value[index];
    if (value !== undefined && at > (newest?.at ?? -Infinity)) {
      newest = { at, value };
    }
  });
  return newest;
}

/** A snapshot as columns, as the live stream has them. A series without a reading is not in them. */
export function columns(snapshot: readonly { series: number; at: number | null; value: Value | null }[]): Readings {
  const readings = { series: [] as number[], at: [] as number[], value: [] as Value[] };
  for (const { series, at, value } of snapshot) {
    if (at !== null && value !== null) {
      readings.series.push(series);
      readings.at.push(at);
      readings.value.push(value);
    }
  }
  return readings;
}
