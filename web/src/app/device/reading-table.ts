import { Component, computed, inject, input } from '@angular/core';

import type { Series } from '../api/types';
import type { Columns } from '../readings/columns';
import { display } from '../readings/display';
import { moment } from '../time/ago';
import { Clock } from '../time/clock';

/** The newest readings as rows: what a text says, and what a chart shows for those who can't see it. */
@Component({
  selector: 'app-reading-table',
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
  readonly most = input.required<number>();

  private readonly clock = inject(Clock);
  protected readonly rows = computed(() => {
    this.changes();
    const { at, value } = this.columns();
    const values = value.slice(-this.most()).reverse();
    return at
      .slice(-this.most())
      .reverse()
      .map((time, index) => ({
        at: time,
        time: moment(time, this.clock.now()),
        value: values[index],
        text: display(values[index] ?? '', this.series().kind),
      }));
  });
}
