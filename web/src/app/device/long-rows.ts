import { computed, inject, Service, signal } from '@angular/core';

import { get } from '../api/get';
import { Columns } from '../readings/columns';
import { serverTime } from '../time/clock';
import { DeviceReadings } from './device-readings';
import { LONGEST } from './join';
import type { Line } from './line';
import { renewed } from './renewed';

/** A chart's window is longer than its range by what its columns are rounded up, a ms each. */
const ROUNDED = 10_000;

interface Want {
  readonly metric: string;
  readonly span: number;
  readonly most: number;
}

/** The newest readings of one series in a range of which not every reading is fetched: for a text, all that is shown of it. */
@Service({ autoProvided: false })
export class LongRows {
  private readonly readings = inject(DeviceReadings);
  private readonly asked = signal<Omit<Want, 'span'> | null>(null);

  private readonly wanted = computed<Want | null>(
    () => {
      const [asked, span] = [this.asked(), this.readings.span()];
      return asked && span > LONGEST ? { ...asked, span } : null;
    },
    {
      equal: (one, other) => one?.metric === other?.metric && one?.span === other?.span && one?.most === other?.most,
    },
  );
  private readonly answer = renewed(this.wanted, (want, stop) => this.fetch(want, stop));

  watch(metric: string, most: number): void {
    this.asked.set({ metric, most });
  }

  /** What was fetched, and what came since: the newest of both are the newest of all. */
  with(newer: Line): Line {
    const [asked, fetched] = [this.wanted(), this.answer()];
    if (!asked || !fetched) {
      return newer;
    }
    const all = new Columns();
    all.merge(fetched.at, fetched.value);
    all.merge(newer.at.slice(-asked.most), newer.value.slice(-asked.most));
    return all;
  }

  private fetch({ metric, span, most }: Want, stop: AbortSignal): Promise<Line> {
    const match = this.readings.matching(metric);
    const from = Math.floor(serverTime.now() - span - ROUNDED);
    return get('/api/v1/readings', { match, from, order: 'desc', limit: most }, stop);
  }
}
