import { Component, computed, effect, inject, input, signal } from '@angular/core';

import type { Series } from '../api/types';
import { display } from '../readings/display';
import { title } from '../readings/metric';
import { ago, moment, roughly } from '../time/ago';
import { Clock } from '../time/clock';
import { DeviceReadings } from './device-readings';
import { columnsWith, type Window, windowAt } from './grid';
import { continued, type Line } from './line';
import { type Hovered, LineChart } from './line-chart';
import { LongLine } from './long-line';
import { ReadingTable } from './reading-table';
import { Tries } from './tries';

/** One metric: its name, the newest value or the one under the pointer, its chart, and its readings as a table. */
@Component({
  selector: 'app-metric-figure',
  imports: [LineChart, ReadingTable],
  providers: [LongLine],
  templateUrl: './metric-figure.html',
})
export class MetricFigure {
  readonly series = input.required<Series>();

  protected readonly long = inject(LongLine);
  protected readonly tries = inject(Tries);
  private readonly readings = inject(DeviceReadings);
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
    if (!pointed || !this.hovered()) {
      return pointed ? ago(pointed.at, now) : 'no reading yet';
    }
    return this.long.grid() ? roughly(pointed.at) : moment(pointed.at, now);
  });
  protected readonly window = computed<Window>(
    () => {
      const now = this.clock.now();
      const grid = this.long.grid();
      return grid ? windowAt(now, grid) : { from: now - this.readings.span(), to: now };
    },
    { equal: (one, other) => one.from === other.from && one.to === other.to },
  );
  protected readonly line = computed<Line>(() => {
    this.changes();
    return this.long.grid() ? continued(this.long.line(), this.columns()) : this.columns();
  });
  private readonly shown = computed(() => {
    this.changes();
    return this.line().at.filter((at) => at >= this.window().from);
  });
  protected readonly inRange = computed(() => this.shown().length);
  protected readonly label = computed(() => {
    const grid = this.long.grid();
    const said = `${title(this.series().metric)} over time, ${this.inRange()} readings`;
    return grid
      ? `${said}: first, least, greatest and last of ${columnsWith(this.shown(), grid.column)} columns`
      : said;
  });

  constructor() {
    effect(() => {
      this.long.watch(this.series().metric);
    });
  }
}
