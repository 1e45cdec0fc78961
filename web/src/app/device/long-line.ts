import { computed, inject, Service, signal } from '@angular/core';

import { get } from '../api/get';
import { serverTime } from '../time/clock';
import { DeviceReadings } from './device-readings';
import { type Grid, grid, windowAt } from './grid';
import { LONGEST } from './join';
import type { Line } from './line';
import { renewed } from './renewed';

/** A window that is being resized asks once, when it rests. */
const SETTLED = 100;
const EMPTY: Line = { at: [], value: [] };

/** The line of one series over a range of which not every reading is fetched: of each pixel what its readings light. */
@Service({ autoProvided: false })
export class LongLine {
  private readonly readings = inject(DeviceReadings);
  private readonly metric = signal<string | null>(null);
  private readonly width = signal(0);

  /** `null` while the range is one of which every reading is here. */
  readonly grid = computed(
    () => {
      const span = this.readings.span();
      return span > LONGEST && this.width() > 0 ? grid(span, this.width()) : null;
    },
    { equal: (one, other) => one?.points === other?.points && one?.column === other?.column },
  );
  private readonly wanted = computed(() => {
    const [metric, chosen] = [this.metric(), this.grid()];
    return metric !== null && chosen ? { metric, chosen } : null;
  });
  private readonly answer = renewed(this.wanted, ({ metric, chosen }, stop) => this.fetch(metric, chosen, stop));
  readonly line = computed(() => this.answer() ?? EMPTY);

  watch(metric: string): void {
    this.metric.set(metric);
  }

  /** So many device pixels is the plot wide. */
  fit(width: number): void {
    this.width.set(width);
  }

  private async fetch(metric: string, chosen: Grid, stop: AbortSignal): Promise<Line> {
    await new Promise((resolve) => setTimeout(resolve, SETTLED));
    const { from, to } = windowAt(serverTime.now(), chosen);
    const match = this.readings.matching(metric);
    const { series } = await get('/api/v1/chart', { match, from, to, points: chosen.points }, stop);
    return series[0] ?? EMPTY;
  }
}
