import { computed, DestroyRef, effect, inject, Service, signal, untracked } from '@angular/core';

import { get } from '../api/get';
import { Clock, serverTime } from '../time/clock';
import { DeviceReadings } from './device-readings';
import { type Grid, grid, windowAt } from './grid';
import { LONGEST } from './join';
import type { Line } from './line';
import { Tries } from './tries';

/** Milliseconds until the line is fetched anew: new columns, and late readings in old ones. */
const EVERY = 60_000;
/** A window that is being resized asks once, when it rests. */
const SETTLED = 100;

/** The line of one series over a range of which not every reading is fetched: of each pixel what its readings light. */
@Service({ autoProvided: false })
export class LongLine {
  private readonly readings = inject(DeviceReadings);
  private readonly tries = inject(Tries);
  private readonly clock = inject(Clock);
  private readonly answer = signal<Line>({ at: [], value: [] });
  private readonly metric = signal<string | null>(null);
  private readonly width = signal(0);
  private fetched: Grid | null = null;

  readonly line = this.answer.asReadonly();
  /** `null` while the range is one of which every reading is here. */
  readonly grid = computed(
    () => {
      const span = this.readings.span();
      return span > LONGEST && this.width() > 0 ? grid(span, this.width()) : null;
    },
    { equal: (one, other) => one?.points === other?.points && one?.column === other?.column },
  );

  /** Rounds are counted from the opening of the page, so that not all pages ask in the same second. */
  private readonly opened = this.clock.now();
  private readonly rounds = computed(() => Math.floor((this.clock.now() - this.opened) / EVERY));

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      this.tries.forget(this);
    });
    effect((ended) => {
      const metric = this.metric();
      const chosen = this.grid();
      this.rounds();
      if (metric === null || chosen === null) {
        untracked(() => {
          this.tries.forget(this);
        });
        return;
      }
      const stop = new AbortController();
      ended(() => {
        stop.abort();
      });
      untracked(() => void this.ask(metric, chosen, stop.signal));
    });
  }

  watch(metric: string): void {
    this.metric.set(metric);
  }

  /** So many device pixels is the plot wide. */
  fit(width: number): void {
    this.width.set(width);
  }

  private async ask(metric: string, chosen: Grid, stop: AbortSignal): Promise<void> {
    const fetch = () => this.fetch(metric, chosen, stop);
    const renewed = this.fetched === chosen && (await this.tries.quietly(this, fetch, stop));
    if (!renewed && !stop.aborted) {
      await this.tries.untilItWorks(this, fetch, stop);
    }
  }

  private async fetch(metric: string, chosen: Grid, stop: AbortSignal): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, SETTLED));
    const { from, to } = windowAt(serverTime.now(), chosen);
    const match = this.readings.matching(metric);
    const { series } = await get('/api/v1/chart', { match, from, to, points: chosen.points }, stop);
    stop.throwIfAborted();
    this.fetched = chosen;
    this.answer.set(series[0] ?? { at: [], value: [] });
  }
}
