import { Component, computed, inject, input } from '@angular/core';
import { Router } from '@angular/router';

import { LiveNotice } from '../live/live-notice';
import type { State } from '../presence/presence';
import { NewestReadings } from '../readings/newest';
import { DeviceCard } from './device-card';
import { Fleet } from './fleet';
import { Lines } from './lines';
import { NoDevices } from './no-devices';
import { count, type Order, shown } from './shown';

/** All devices at a glance. What is searched and chosen stands in the address, so that it can be shared. */
@Component({
  selector: 'app-fleet-page',
  imports: [DeviceCard, LiveNotice, NoDevices],
  providers: [NewestReadings, Lines, Fleet],
  templateUrl: './fleet-page.html',
})
export class FleetPage {
  readonly search = input<string>();
  readonly presence = input<State | 'all'>();
  readonly order = input<Order>();

  protected readonly fleet = inject(Fleet);
  private readonly router = inject(Router);

  protected readonly shown = computed(() =>
    shown(this.fleet.devices(), {
      search: this.search() ?? '',
      presence: this.presence() ?? 'all',
      order: this.order() ?? 'name',
    }),
  );
  protected readonly filters = computed(() => [
    { presence: 'all' as const, label: 'All', count: this.fleet.devices().length },
    { presence: 'online' as const, label: 'Online', count: count(this.fleet.devices(), 'online') },
    { presence: 'offline' as const, label: 'Offline', count: count(this.fleet.devices(), 'offline') },
    { presence: 'unknown' as const, label: 'Unknown', count: count(this.fleet.devices(), 'unknown') },
  ]);

  protected choose(name: 'search' | 'presence' | 'order', value: string): void {
    const none = value === '' || value === 'all' || value === 'name';
    void this.router.navigate([], {
      queryParams: { [name]: none ? null : value },
      queryParamsHandling: 'merge',
      replaceUrl: true,
    });
  }

  protected reset(): void {
    void this.router.navigate([], { queryParams: {} });
  }
}
