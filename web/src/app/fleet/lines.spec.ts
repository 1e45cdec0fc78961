import { TestBed } from '@angular/core/testing';

import type { Series } from '../api/types';
import { NewestReadings } from '../readings/newest';
import { Lines, LINE_SPAN } from './lines';

const LEVEL: Series = { series: 1, metric: 'level', unit: null, kind: 'number' };

describe('Lines', () => {
  let lines: Lines;

  beforeEach(() => {
    vi.useFakeTimers();
    TestBed.configureTestingModule({ providers: [Lines, NewestReadings] });
    lines = TestBed.inject(Lines);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('keep no more than they show, also where no clock ticks', () => {
    const { columns } = lines.want('tank-1', LEVEL);
    for (let frame = 0; frame < 300; frame += 1) {
      vi.setSystemTime(Date.now() + LINE_SPAN / 100);
      lines.take({ series: [1], at: [Date.now()], value: [frame] });
    }
    expect(columns.at.length).toBeLessThan(140);
  });
});
