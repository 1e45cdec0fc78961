import { Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';

import type { Device } from '../api/types';
import { Presence } from '../presence/presence';
import { display } from '../readings/display';
import { main, ordered, title } from '../readings/metric';
import { ago } from '../time/ago';
import { Clock } from '../time/clock';
import { Fleet } from './fleet';
import { Seen } from './seen';
import { site } from './shown';
import { Sparkline } from './sparkline';

/** Values beside the main one; a card is a glance, the device page has the rest. */
const OTHERS = 3;

@Component({
  selector: 'app-device-card',
  imports: [Presence, RouterLink, Sparkline],
  hostDirectives: [Seen],
  templateUrl: './device-card.html',
})
export class DeviceCard {
  readonly device = input.required<Device>();

  private readonly fleet = inject(Fleet);
  private readonly clock = inject(Clock);
  protected readonly seen = inject(Seen).now;
  protected readonly title = title;

  protected readonly place = computed(() => {
    const { device, model, name } = this.device();
    const parts = [name === device ? null : device, site(this.device()), model];
    return parts.filter(Boolean).join(' · ');
  });
  protected readonly main = computed(() => main(this.device().series));
  protected readonly rows = computed(() =>
    ordered(this.device().series).filter((series) => series !== this.main() && series.metric !== 'seq'),
  );
  protected readonly others = computed(() => this.rows().slice(0, OTHERS));
  protected readonly hidden = computed(() => this.rows().length - this.others().length);
  protected readonly age = computed(() => {
    const times = this.device().series.map(({ series }) => this.fleet.newest.of(series)()?.at ?? 0);
    const last = Math.max(this.device().last_seen ?? 0, ...times);
    return last === 0 ? 'never seen' : ago(last, this.clock.now());
  });

  protected value(series: Device['series'][number]): string {
    const newest = this.fleet.newest.of(series.series)();
    return newest ? display(newest.value, series.kind, newest.decimals) : '–';
  }
}
