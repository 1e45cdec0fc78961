import { computed, DestroyRef, inject, Service, signal, type Signal, type WritableSignal } from '@angular/core';

import type { Page } from '../api/types';
import type { Announced } from '../live/frames';
import { Live } from '../live/live';
import { pollWithoutSocket } from '../live/poll';
import type { Columns } from '../readings/columns';
import { history } from '../readings/history';
import { match } from '../readings/match';
import { columns, NewestReadings } from '../readings/newest';
import type { Readings } from '../readings/split';
import { Clock, serverTime } from '../time/clock';
import { Join, LONGEST } from './join';
import { Tries } from './tries';

/** Frames a second: smooth to the eye. */
const RATE = 10;
/** How far a poll reaches back behind what it knows: what was measured while a device was offline comes late. */
const OVERLAP = 15 * 60_000;
/** What is shown at first; of longer ranges than `LONGEST` no more is fetched reading by reading. */
const FIRST = 15 * 60_000;

/** The last hours' readings of one device for as long as its page is open: history first, then live. */
@Service({ autoProvided: false })
export class DeviceReadings {
  private readonly live = inject(Live);
  private readonly clock = inject(Clock);
  private readonly tries = inject(Tries);
  private readonly versions = new Map<number, WritableSignal<number>>();
  private readonly stop = new AbortController();
  private readonly cut = signal<number | null>(null);
  private device = '';
  /** Up to here the stream or a poll brought all that was stored. */
  private complete = serverTime.now();

  readonly newest = inject(NewestReadings);
  readonly span = signal(FIRST);
  /** Where the charts begin, if the range has more readings than were fetched. */
  readonly begin = computed(() => {
    const [cut, span] = [this.cut(), this.span()];
    return cut !== null && span <= LONGEST && cut > this.clock.now() - span ? cut : null;
  });
  /** Counts the times that the stream spoke of series that the page may not know yet. */
  readonly announcements = signal(0);

  private readonly join = new Join(
    (from, to) => this.past(from, to),
    (series) => {
      this.version(series).update((count) => count + 1);
    },
    () => serverTime.now(),
  );

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      this.stop.abort();
    });
    pollWithoutSocket(() => this.poll());
  }

  /** Begins with the stream; the history is asked for when the stream has begun, so nothing falls between. */
  watch(device: string): void {
    this.device = device;
    const mine = (series: readonly Announced[]) => series.filter((one) => one.device === device);
    const end = this.live.subscribe([this.matching()], RATE, {
      started: (series) => {
        this.take(columns(mine(series)));
        this.load();
      },
      announced: (series) => {
        this.take(columns(mine(series)));
        this.announcements.update((count) => count + 1);
      },
      readings: (readings) => {
        this.complete = serverTime.now();
        this.take(readings);
      },
      missed: () => {
        this.load();
      },
    });
    this.stop.signal.addEventListener('abort', end);
  }

  /** The range that is chosen already, once more: what too many readings left out comes next. */
  choose(span: number): void {
    this.span.set(span);
    void this.tries.untilItWorks(this, () => this.fetched(this.join.widen(this.start())), this.stop.signal);
  }

  /** Selects its series: one metric, or all. */
  matching(metric?: string): string {
    return match(this.device, metric);
  }

  columns(series: number): Columns {
    return this.join.columns(series);
  }

  changes(series: number): Signal<number> {
    return this.version(series).asReadonly();
  }

  private load(): void {
    void this.tries.untilItWorks(this, () => this.fetched(this.join.load(this.start())), this.stop.signal);
  }

  private async poll(): Promise<void> {
    const asked = serverTime.now();
    const { join } = this;
    const ask = () => (join.loaded ? join.refresh(this.complete - OVERLAP) : join.load(this.start()));
    if (await this.tries.once(this, () => this.fetched(ask()), this.stop.signal)) {
      this.complete = asked;
    }
  }

  private async fetched(asked: Promise<void>): Promise<void> {
    await asked;
    this.cut.set(this.join.cut);
  }

  private async *past(from: number, to: number | undefined): AsyncGenerator<Page> {
    for await (const page of history({ match: [this.matching()], from, to }, this.stop.signal)) {
      this.newest.take(page);
      yield page;
    }
  }

  private start(): number {
    return serverTime.now() - (this.span() > LONGEST ? FIRST : this.span());
  }

  private take(readings: Readings): void {
    this.newest.take(readings);
    this.join.take(readings);
  }

  private version(series: number): WritableSignal<number> {
    let found = this.versions.get(series);
    if (!found) {
      found = signal(0);
      this.versions.set(series, found);
    }
    return found;
  }
}
