import { Component, computed, effect, inject, input } from '@angular/core';

import type { Series } from '../api/types';
import type { Columns } from '../readings/columns';
import { display } from '../readings/display';
import { moment } from '../time/ago';
import { Clock } from '../time/clock';
import { LongRows } from './long-rows';

/** The newest readings of the range as rows: what a text says, and what a chart shows for those who can't see it. */
@Component({
  selector: 'app-reading-table',
  providers: [LongRows],
  template: `
    <div class="readings" tabindex="0" role="region" [attr.aria-label]="'Readings of ' + series().metric">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>
          @for (row of rows(); track row.at) {
            <tr [attr.data-at]="row.at" [attr.data-value]="row.value">
              <td>{{ row.time }}</td>
              <td>{{ row.text }}</td>
            </tr>
          } @empty {
            <tr>
              <td colspan="2">No readings in this range</td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  `,
})
export class ReadingTable {
  readonly series = input.required<Series>();
  readonly columns = input.required<Columns>();
  readonly changes = input.required<number>();
  /** Where the range begins, as in the chart beside it. */
  readonly from = input.required<number>();
  readonly most = input.required<number>();

  private readonly clock = inject(Clock);
  private readonly long = inject(LongRows);
  protected readonly rows = computed(() => {
    this.changes();
    const { at, value } = this.long.with(this.columns());
    const first = at.findIndex((time) => time >= this.from());
    const start = first < 0 ? at.length : Math.max(first, at.length - this.most());
    const values = value.slice(start).reverse();
    return at
      .slice(start)
      .reverse()
      .map((time, index) => ({
        at: time,
        time: moment(time, this.clock.now()),
        value: values[index],
        text: display(values[index] ?? '', this.series().kind),
      }));
  });

  constructor() {
    effect(() => {
      this.long.watch(this.series().metric, this.most());
    });
  }
}
