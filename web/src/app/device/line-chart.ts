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

import { height } from '../readings/display';
import { Theme } from '../theme/theme';
import { HEIGHT, options } from './chart-options';
import { withPauses } from './gaps';
import type { Window } from './grid';
import type { Line } from './line';

export interface Hovered {
  readonly at: number;
  readonly value: number;
}

/** Draws a line that grows, over a window of time that slides. */
@Component({ selector: 'app-line-chart', template: '' })
export class LineChart {
  readonly line = input.required<Line>();
  readonly changes = input.required<number>();
  readonly window = input.required<Window>();
  /** Milliseconds, where the line has but a few readings of each column. */
  readonly column = input(1);
  readonly steps = input(false);
  readonly hovered = output<Hovered | null>();
  /** How wide the plot is, in device pixels. */
  readonly measured = output<number>();

  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  private readonly destroyed = inject(DestroyRef);
  private readonly theme = inject(Theme);
  private readonly chart = signal<uPlot | null>(null);

  constructor() {
    afterNextRender(() => {
      this.draw();
    });
    effect(() => {
      this.changes();
      const { at, value } = this.line();
      this.chart()?.setData(withPauses(at, value.map(height), this.column())); // resets the pointer, too
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
    const { from, to } = this.window();
    this.chart()?.setScale('x', { min: from, max: to });
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
        drawn: (width) => {
          if (!this.destroyed.destroyed) {
            this.measured.emit(width);
          }
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
