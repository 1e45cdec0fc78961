import {
  afterNextRender,
  Component,
  DestroyRef,
  effect,
  ElementRef,
  inject,
  input,
  output,
  signal,
} from '@angular/core';
import uPlot from 'uplot';

import type { Columns } from '../readings/columns';
import { height } from '../readings/display';
import { Theme } from '../theme/theme';
import { Clock } from '../time/clock';
import { HEIGHT, options } from './chart-options';
import { withPauses } from './gaps';

export interface Hovered {
  readonly at: number;
  readonly value: number;
}

/** Draws columns that grow, over a window of time that slides with the clock. */
@Component({ selector: 'app-line-chart', template: '' })
export class LineChart {
  readonly columns = input.required<Columns>();
  readonly changes = input.required<number>();
  readonly span = input.required<number>();
  readonly steps = input(false);
  readonly hovered = output<Hovered | null>();

  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  private readonly destroyed = inject(DestroyRef);
  private readonly clock = inject(Clock);
  private readonly theme = inject(Theme);
  private readonly chart = signal<uPlot | null>(null);

  constructor() {
    afterNextRender(() => {
      this.draw();
    });
    effect(() => {
      this.changes();
      const columns = this.columns();
      this.chart()?.setData(withPauses(columns.at, columns.value.map(height)), false);
      this.slide();
    });
    effect(() => {
      this.slide();
    });
    effect(() => {
      this.theme.current();
      this.chart()?.redraw(false);
    });
  }

  private slide(): void {
    const now = this.clock.now();
    this.chart()?.setScale('x', { min: now - this.span(), max: now });
  }

  private draw(): void {
    const chart = new uPlot(
      options(this.host.clientWidth, {
        steps: this.steps(),
        stepPaths: this.steps() ? uPlot.paths.stepped?.({ align: 1 }) : undefined,
        color: (name) => getComputedStyle(this.host).getPropertyValue(name),
        hovered: (index) => {
          this.hover(index);
        },
      }),
      [[], []],
      this.host,
    );
    const resized = new ResizeObserver(() => {
      chart.setSize({ width: this.host.clientWidth, height: HEIGHT });
    });
    resized.observe(this.host);
    this.destroyed.onDestroy(() => {
      resized.disconnect();
      chart.destroy();
    });
    this.chart.set(chart);
  }

  private hover(index: number | null): void {
    const data = this.chart()?.data;
    const at = index === null ? undefined : data?.[0][index];
    const value = index === null ? undefined : data?.[1]?.[index];
    this.hovered.emit(typeof at === 'number' && typeof value === 'number' ? { at, value } : null);
  }
}
