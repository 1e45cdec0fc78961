import { computed, DestroyRef, effect, inject, Service, signal, type Signal, type WritableSignal } from '@angular/core';

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
import { Join } from './join';

/** Frames a second: smooth to the eye. */
const RATE = 10;
/** How far a poll reaches back behind what it knows: what was measured while a device was offline comes late. */
const OVERLAP = 15 * 60_000;
const TRY_AGAIN = 5_000;

/** The readings of one device for as long as its page is open: history first, then live. */
@Service({ autoProvided: false })
export class DeviceReadings {
  private readonly live = inject(Live);
  private readonly clock = inject(Clock);
  private readonly versions = new Map<number, WritableSignal<number>>();
  private readonly stop = new AbortController();
  private match: readonly string[] = [];
  /** Up to here the stream or a poll brought all that was stored. */
  private complete = serverTime.now();

  readonly newest = inject(NewestReadings);
  readonly span = signal(15 * 60_000);
  readonly problem = signal<string | null>(null);
  private readonly out = signal(0);
  readonly loading = computed(() => this.out() > 0);
  /** Counts the times that the stream spoke of series that the page may not know yet. */
  readonly announcements = signal(0);

  private readonly join = new Join(
    (from, to) => this.past(from, to),
    (series) => {
      this.version(series).update((count) => count + 1);
    },
  );

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      this.stop.abort();
    });
    pollWithoutSocket(() => this.poll());
    effect(() => {
      this.join.trim(this.clock.now());
    });
  }

  /** Begins with the stream; the history is asked for when the stream has begun, so nothing falls between. */
  watch(device: string): void {
    this.match = [match(device)];
    const mine = (series: readonly Announced[]) => series.filter((one) => one.device === device);
    const end = this.live.subscribe(this.match, RATE, {
      started: (series) => {
        this.take(columns(mine(series)));
        void this.untilItWorks(() => this.join.load(this.start()));
      },
      announced: (series) => {
        this.take(columns(mine(series)));
        this.announcements.update((count) => count + 1);
      },
      readings: (readings) => {
        this.complete = serverTime.now();
        this.take(readings);
      },
      missed: () => void this.untilItWorks(() => this.join.load(this.start())),
    });
    this.stop.signal.addEventListener('abort', end);
  }

  choose(span: number): void {
    this.span.set(span);
    void this.untilItWorks(() => this.join.widen(this.start()));
  }

  columns(series: number): Columns {
    return this.join.columns(series);
  }

  changes(series: number): Signal<number> {
    return this.version(series).asReadonly();
  }

  private async poll(): Promise<void> {
    const asked = serverTime.now();
    const { join } = this;
    if (await this.attempt(() => (join.loaded ? join.refresh(this.complete - OVERLAP) : join.load(this.start())))) {
      this.complete = asked;
    }
  }

  private async *past(from: number, to: number | undefined): AsyncGenerator<Page> {
    for await (const page of history({ match: this.match, from, to }, this.stop.signal)) {
      this.newest.take(page);
      yield page;
    }
  }

  private start(): number {
    return serverTime.now() - this.span();
  }

  private take(readings: Readings): void {
    this.newest.take(readings);
    this.join.take(readings);
  }

  private async untilItWorks(load: () => Promise<void>): Promise<void> {
    while (!(await this.attempt(load)) && !this.stop.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN));
    }
  }

  private async attempt(load: () => Promise<void>): Promise<boolean> {
    this.out.update((count) => count + 1);
    try {
      await load();
      this.problem.set(null);
      return true;
    } catch (error: unknown) {
      this.problem.set(error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      this.out.update((count) => count - 1);
    }
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
