import { Component, computed, inject, input, signal } from '@angular/core';

import type { Series } from '../api/types';
import { display } from '../readings/display';
import { title } from '../readings/metric';
import { ago, moment } from '../time/ago';
import { Clock } from '../time/clock';
import { DeviceReadings } from './device-readings';
import { type Hovered, LineChart } from './line-chart';
import { ReadingTable } from './reading-table';

/** One metric: its name, the newest value or the one under the pointer, its chart, and its readings as a table. */
@Component({
  selector: 'app-metric-figure',
  imports: [LineChart, ReadingTable],
  templateUrl: './metric-figure.html',
})
export class MetricFigure {
  readonly series = input.required<Series>();

  protected readonly readings = inject(DeviceReadings);
  private readonly clock = inject(Clock);
  protected readonly title = title;
  protected readonly hovered = signal<Hovered | null>(null);
  protected readonly opened = signal(false);

  protected readonly columns = computed(() => this.readings.columns(this.series().series));
  protected readonly changes = computed(() => this.readings.changes(this.series().series)());
  private readonly newest = computed(() => this.readings.newest.of(this.series().series)());
  protected readonly pointed = computed(() => this.hovered() ?? this.newest());
  protected readonly value = computed(() => {
    const pointed = this.pointed();
    return pointed ? display(pointed.value, this.series().kind, this.newest()?.decimals) : '–';
  });
  protected readonly when = computed(() => {
    const pointed = this.pointed();
    const now = this.clock.now();
    return pointed ? (this.hovered() ? moment(pointed.at, now) : ago(pointed.at, now)) : 'no reading yet';
  });
  protected readonly inRange = computed(() => {
    this.changes();
    const from = this.clock.now() - this.readings.span();
    return this.columns().at.reduce((count, at) => count + Number(at >= from), 0);
  });
}
