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
    vi.unstubAllGlobals();
  });

  it('keep no more than they show, also where no clock ticks', () => {
    const { columns } = lines.want('tank-1', LEVEL);
    for (let frame = 0; frame < 300; frame += 1) {
      vi.setSystemTime(Date.now() + LINE_SPAN / 100);
      lines.take({ series: [1], at: [Date.now()], value: [frame] });
    }
    expect(columns.at.length).toBeLessThan(140);
  });

  it('are fetched again after a failure, but not without a pause', async () => {
    const answers = [() => new Response('{}', { status: 503 }), () => Response.json(page)];
    const fetch = vi.fn(() => Promise.resolve((answers.shift() ?? (() => Response.error()))()));
    const page = { names: {}, series: [1], at: [Date.now()], value: [7], next: null };
    vi.stubGlobal('fetch', fetch);
    const { columns } = lines.want('tank-1', LEVEL);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fetch).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(columns.value).toEqual([7]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('are asked for no more when their page is closed', async () => {
    const fetch = vi.fn(() => Promise.reject(new TypeError('away')));
    vi.stubGlobal('fetch', fetch);
    lines.want('tank-1', LEVEL);
    await vi.advanceTimersByTimeAsync(1_000);
    TestBed.resetTestingModule();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetch).toHaveBeenCalledTimes(1);
  });
});
