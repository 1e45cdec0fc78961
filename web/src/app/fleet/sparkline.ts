import { Component, computed, inject, input, type Signal } from '@angular/core';

import type { Series } from '../api/types';
import type { Columns } from '../readings/columns';
import { Clock } from '../time/clock';
import { LINE_SPAN, Lines } from './lines';
import { path } from './path';

/** The last minutes of one metric, as a small line without axes. */
@Component({
  selector: 'app-sparkline',
  template: `
    <svg class="sparkline" viewBox="0 0 240 56" preserveAspectRatio="none" aria-hidden="true">
      <path class="area" [attr.d]="drawn().area" />
      <path class="line" [attr.d]="drawn().line" />
    </svg>
  `,
})
export class Sparkline {
  readonly device = input.required<string>();
  readonly series = input.required<Series>();

  private readonly lines = inject(Lines);
  private readonly clock = inject(Clock);
  private readonly wanted: Signal<{ columns: Columns; changes: Signal<number> }> = computed(() =>
    this.lines.want(this.device(), this.series()),
  );
  protected readonly drawn = computed(() => {
    const { columns, changes } = this.wanted();
    changes();
    const now = this.clock.now();
    return path(
      columns,
      { from: now - LINE_SPAN, to: now },
      { width: 240, height: 56 },
      this.series().kind === 'boolean',
    );
  });
}
