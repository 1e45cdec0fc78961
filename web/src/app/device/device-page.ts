import { Component, computed, effect, inject, input, linkedSignal, resource, untracked } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { RouterLink } from '@angular/router';

import { get, Problem } from '../api/get';
import type { Device } from '../api/types';
import { Live } from '../live/live';
import { match } from '../readings/match';
import { Clock } from '../time/clock';
import { DeviceView } from './device-view';

/** Milliseconds between two looks at presence, info and the list of series. */
const REGISTRY_EVERY = 5_000;

/** Finds the device of the address; its view begins anew for each device. */
@Component({
  selector: 'app-device-page',
  imports: [DeviceView, RouterLink],
  templateUrl: './device-page.html',
})
export class DevicePage {
  readonly device = input.required<string>();

  private readonly clock = inject(Clock);
  private readonly live = inject(Live);
  protected readonly registry = resource({
    params: () => this.device(),
    loader: ({ params: device, abortSignal }) => get('/api/v1/devices/{device}', { device }, abortSignal),
  });
  /** The last good answer for this device stays while a newer one is on its way or fails. */
  protected readonly found = linkedSignal<Device | undefined, Device | undefined>({
    source: () => (this.registry.hasValue() ? this.registry.value() : undefined),
    computation: (answer, before) => answer ?? stillOf(this.device(), before?.value),
  });
  protected readonly missing = computed(() => {
    const error = this.registry.error();
    return !this.found() && error instanceof Problem && error.status === 404;
  });
  protected readonly failed = computed(() => this.registry.error() !== undefined && !this.missing());
  /** One entry or none: tracked by name, a view of another device is another view. */
  protected readonly views = computed(() => [this.found()].filter((device) => device !== undefined));

  private readonly rounds = computed(() => Math.floor(this.clock.now() / REGISTRY_EVERY));

  constructor() {
    const title = inject(Title);
    effect(() => {
      title.setTitle(`${this.found()?.name ?? this.device()} · Fieldline`);
    });
    effect((ended) => {
      if (this.missing()) {
        ended(untracked(() => this.firstReading(this.device())));
      }
    });
    effect(() => {
      if (this.rounds() > 0) {
        untracked(() => this.registry.reload());
      }
    });
  }

  /** Waits on the stream for a device that nobody knows yet. Returns the way to end it. */
  private firstReading(device: string): () => void {
    const reload = () => {
      this.registry.reload();
    };
    return this.live.subscribe([match(device)], 1, {
      started: (series) => {
        if (series.length > 0) {
          reload();
        }
      },
      announced: reload,
      readings: reload,
      missed: reload,
    });
  }
}

function stillOf(name: string, known: Device | undefined): Device | undefined {
  return known?.device === name ? known : undefined;
}
