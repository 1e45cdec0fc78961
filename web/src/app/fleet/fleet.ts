import { computed, DestroyRef, effect, inject, linkedSignal, resource, Service, untracked } from '@angular/core';

import { get } from '../api/get';
import type { Device, Devices } from '../api/types';
import type { Announced } from '../live/frames';
import { Live } from '../live/live';
import { pollWithoutSocket } from '../live/poll';
import { columns, NewestReadings } from '../readings/newest';
import { Clock } from '../time/clock';
import { Lines } from './lines';

/** Milliseconds between two looks at the registry: presence comes from there, the live stream carries only readings. */
const REGISTRY_EVERY = 5_000;
/** Frames a second: more than an eye can read off a page full of cards. */
const RATE = 2;

/** All devices with their newest readings. Lives as long as the fleet page. */
@Service({ autoProvided: false })
export class Fleet {
  private readonly live = inject(Live);
  private readonly clock = inject(Clock);
  private readonly lines = inject(Lines);
  private readonly registry = resource({
    loader: ({ abortSignal }) => get('/api/v1/devices', {}, abortSignal),
  });

  readonly newest = inject(NewestReadings);
  /** The last good answer stays while a newer one is on its way or fails. */
  readonly devices = linkedSignal<Devices | undefined, readonly Device[]>({
    source: () => (this.registry.hasValue() ? this.registry.value() : undefined),
    computation: (answer, before) => answer?.devices ?? before?.value ?? [],
  });
  readonly loading = computed(() => this.devices().length === 0 && this.registry.isLoading());
  readonly failed = computed(() => this.registry.error() !== undefined);
  private readonly known = computed(
    () => new Set(this.devices().flatMap(({ series }) => series.map((one) => one.series))),
  );

  private readonly rounds = computed(() => Math.floor(this.clock.now() / REGISTRY_EVERY));

  constructor() {
    const end = this.live.subscribe(['*/*'], RATE, {
      started: (series) => {
        this.show(series);
        this.lines.startOver();
      },
      announced: (series) => {
        this.show(series);
      },
      readings: (readings) => {
        this.newest.take(readings);
        this.lines.take(readings);
      },
      missed: () => {
        void this.ask();
        this.lines.startOver();
      },
    });
    inject(DestroyRef).onDestroy(end);
    pollWithoutSocket(() => this.ask());
    effect(() => {
      if (this.rounds() > 0) {
        untracked(() => this.registry.reload());
      }
    });
  }

  private async ask(): Promise<void> {
    const latest = await get('/api/v1/latest', { match: '*/*' }).catch(() => null);
    this.show(latest?.series ?? []);
  }

  private show(snapshot: readonly Announced[]): void {
    this.newest.take(columns(snapshot));
    this.lines.take(columns(snapshot));
    if (snapshot.some(({ series }) => !this.known().has(series))) {
      this.registry.reload();
    }
  }
}
