import { signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';

import { Clock } from '../time/clock';
import { DeviceReadings } from './device-readings';
import { LONGEST } from './join';
import { LongRows } from './long-rows';
import { Tries } from './tries';

const WEEK = 7 * 24 * 3_600_000;

describe('LongRows', () => {
  const span = signal(LONGEST);
  let asked: URLSearchParams[];
  let rows: LongRows;

  beforeEach(() => {
    asked = [];
    span.set(LONGEST);
    vi.stubGlobal('fetch', (address: string) => {
      asked.push(new URL(address, 'http://here').searchParams);
      return Promise.resolve(Response.json({ at: [30, 20, 10], value: ['c', 'b', 'a'], next: null }));
    });
    TestBed.configureTestingModule({
      providers: [
        LongRows,
        Tries,
        { provide: Clock, useValue: { now: signal(0) } },
        { provide: DeviceReadings, useValue: { span, matching: (metric: string) => `door-1/${metric}` } },
      ],
    });
    rows = TestBed.inject(LongRows);
    rows.watch('state', 3);
    TestBed.tick();
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('are all that came while the range is one of which every reading is here', () => {
    const here = { at: [5, 10], value: ['x', 'a'] };
    expect(rows.with(here)).toBe(here);
    expect(asked).toEqual([]);
  });

  it('are those of a longer range, each once with what came since', async () => {
    span.set(WEEK);
    TestBed.tick();
    await vi.waitFor(() => {
      expect(rows.with({ at: [25, 30, 40], value: ['late', 'c', 'd'] }).at).toEqual([10, 20, 25, 30, 40]);
    });
    expect(asked.map((query) => query.get('match'))).toEqual(['door-1/state']);
    expect(asked[0]?.get('limit')).toBe('3');
    expect(asked[0]?.get('order')).toBe('desc');
    rows.watch('state', 3);
    TestBed.tick();
    expect(asked.length).toBe(1);
  });
});
