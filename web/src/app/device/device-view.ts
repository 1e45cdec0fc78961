import { afterNextRender, Component, computed, effect, inject, input, output } from '@angular/core';
import { RouterLink } from '@angular/router';

import type { Device } from '../api/types';
import { LiveNotice } from '../live/live-notice';
import { Presence } from '../presence/presence';
import { ordered } from '../readings/metric';
import { NewestReadings } from '../readings/newest';
import { ago, moment } from '../time/ago';
import { Clock } from '../time/clock';
import { DeviceReadings } from './device-readings';
import { facts } from './facts';
import { MetricFigure } from './metric-figure';
import { RANGES } from './ranges';
import { Tries } from './tries';

/** Everything about one device: who it is, and a chart for each metric. */
@Component({
  selector: 'app-device-view',
  imports: [LiveNotice, MetricFigure, Presence, RouterLink],
  providers: [NewestReadings, Tries, DeviceReadings],
  templateUrl: './device-view.html',
})
export class DeviceView {
  readonly device = input.required<Device>();
  readonly announced = output();

  protected readonly readings = inject(DeviceReadings);
  protected readonly tries = inject(Tries);
  private readonly clock = inject(Clock);
  protected readonly ranges = RANGES;
  protected readonly series = computed(() => ordered(this.device().series));
  protected readonly facts = computed(() => facts(this.device()));
  protected readonly age = computed(() => {
    const times = this.device().series.map(({ series }) => this.readings.newest.of(series)()?.at ?? 0);
    const last = Math.max(this.device().last_seen ?? 0, ...times);
    return last === 0 ? 'never seen' : `last seen ${ago(last, this.clock.now())}`;
  });

  constructor() {
    afterNextRender(() => {
      this.readings.watch(this.device().device);
    });
    effect(() => {
      if (this.readings.announcements() > 0) {
        this.announced.emit();
      }
    });
  }

  protected moment(at: number): string {
    return moment(at, this.clock.now());
  }
}
