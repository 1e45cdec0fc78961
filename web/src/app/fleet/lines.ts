import { DestroyRef, inject, Service, signal, type Signal, type WritableSignal } from '@angular/core';

import type { Series } from '../api/types';
import { Columns } from '../readings/columns';
import { history } from '../readings/history';
import { match } from '../readings/match';
import { NewestReadings } from '../readings/newest';
import { split, type Readings } from '../readings/split';
import { serverTime } from '../time/clock';

/** Minutes of the past that a card's line shows. */
export const LINE_SPAN = 10 * 60_000;
/** Cards come into sight by the row; what they want is asked for in one request. */
const GATHER = 60;
const MOST_AT_ONCE = 40;
/** What could not be fetched is asked for again after so long. */
const TRY_AGAIN = 5_000;

interface Line {
  readonly name: string;
  readonly columns: Columns;
  readonly changes: WritableSignal<number>;
  fetched: boolean;
}

/** The readings behind the small lines, fetched only for cards that were seen, then kept up by the live stream. */
@Service({ autoProvided: false })
export class Lines {
  private readonly newest = inject(NewestReadings);
  private readonly lines = new Map<number, Line>();
  private readonly stop = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      this.stop.abort();
      clearTimeout(this.timer);
    });
  }

  /** Wants a line; its columns change in place, and the signal counts the changes. */
  want(device: string, series: Series): { columns: Columns; changes: Signal<number> } {
    let line = this.lines.get(series.series);
    if (!line) {
      line = { name: match(device, series.metric), columns: new Columns(), changes: signal(0), fetched: false };
      this.lines.set(series.series, line);
      this.soon();
    }
    return line;
  }

  take(readings: Readings): void {
    for (const [series, part] of split(readings)) {
      const line = this.lines.get(series);
      if (line?.columns.merge(part.at, part.value)) {
        line.columns.trim(serverTime.now() - LINE_SPAN);
        line.changes.update((count) => count + 1);
      }
    }
  }

  /** Something was missed: what is wanted is fetched again and merged. */
  startOver(): void {
    for (const line of this.lines.values()) {
      line.fetched = false;
    }
    this.soon();
  }

  private soon(delay = GATHER): void {
    this.timer ??= setTimeout(() => void this.fetch(), delay);
  }

  private async fetch(): Promise<void> {
    const wanted = [...this.lines.values()].filter((line) => !line.fetched).slice(0, MOST_AT_ONCE);
    for (const line of wanted) {
      line.fetched = true;
    }
    const worked = wanted.length === 0 || (await this.past(wanted));
    for (const line of worked ? [] : wanted) {
      line.fetched = false;
    }
    this.timer = undefined;
    if (!this.stop.signal.aborted && [...this.lines.values()].some((line) => !line.fetched)) {
      this.soon(worked ? GATHER : TRY_AGAIN);
    }
  }

  /** Tells whether it worked. Until it does, a line starts at the next live reading; the page's notice tells of the outage. */
  private async past(wanted: readonly Line[]): Promise<boolean> {
    const span = { match: wanted.map((line) => line.name), from: serverTime.now() - LINE_SPAN };
    const stop = AbortSignal.any([this.stop.signal, AbortSignal.timeout(10_000)]);
    try {
      for await (const page of history(span, stop, 1)) {
        this.newest.take(page);
        this.take(page);
      }
      return true;
    } catch {
      return false;
    }
  }
}
