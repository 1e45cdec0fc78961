import { signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';

import { Clock } from '../time/clock';
import { DeviceReadings } from './device-readings';
import { LONGEST } from './join';
import { LongLine } from './long-line';
import { Tries } from './tries';

const MONTH = 31 * 24 * 3_600_000;

/** An answer that has been asked for, and comes when the test says so. */
interface Asked {
  readonly query: URLSearchParams;
  readonly stop: AbortSignal | null | undefined;
  readonly answer: (...at: number[]) => void;
}

describe('LongLine', () => {
  const now = signal(0);
  const span = signal(MONTH);
  let asked: Asked[];
  let line: LongLine;
  let tries: Tries;

  const request = (count: number) =>
    vi.waitFor(() => {
      TestBed.tick();
      const last = asked.at(-1);
      if (asked.length !== count || !last) {
        throw new Error(`expected ${count} requests, got ${asked.length}`);
      }
      return last;
    });

  beforeEach(() => {
    asked = [];
    now.set(0);
    span.set(MONTH);
    vi.stubGlobal('fetch', (address: string, { signal: stop }: RequestInit) => {
      return new Promise<Response>((resolve) => {
        const answer = (...at: number[]) => {
          resolve(Response.json({ series: [{ at, value: at }], tier: 'hour' }));
        };
        asked.push({ query: new URL(address, 'http://here').searchParams, stop, answer });
      });
    });
    TestBed.configureTestingModule({
      providers: [
        LongLine,
        Tries,
        { provide: Clock, useValue: { now } },
        { provide: DeviceReadings, useValue: { span, matching: (metric: string) => `tank-1/${metric}` } },
      ],
    });
    line = TestBed.inject(LongLine);
    tries = TestBed.inject(Tries);
    line.watch('level');
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('asks for a column a pixel, once it is known how wide the plot is', async () => {
    TestBed.tick();
    expect(line.grid()).toBeNull();
    line.fit(744);
    const { query, answer } = await request(1);
    expect(query.get('match')).toBe('tank-1/level');
    expect(query.get('points')).toBe('744');
    expect(Number(query.get('to')) - Number(query.get('from'))).toBe(MONTH);
    answer(1, 2, 3);
    await vi.waitFor(() => {
      expect(line.line().at).toEqual([1, 2, 3]);
    });
  });

  it('asks again every minute, and nobody has to wait for that', async () => {
    line.fit(744);
    const first = await request(1);
    first.answer(1);
    await vi.waitFor(() => {
      expect(tries.loading()).toBe(false);
    });
    now.set(59_999);
    TestBed.tick();
    expect(first.stop?.aborted).toBe(false);
    now.set(60_000);
    const again = await request(2);
    expect(tries.loading()).toBe(false);
    again.answer(1, 2);
    await vi.waitFor(() => {
      expect(line.line().at).toEqual([1, 2]);
    });
  });

  it('drops what comes late for a range that is no longer chosen', async () => {
    line.fit(744);
    const late = await request(1);
    span.set(LONGEST);
    TestBed.tick();
    expect(late.stop?.aborted).toBe(true);
    late.answer(1, 2, 3);
    await vi.waitFor(() => {
      expect(tries.loading()).toBe(false);
    });
    expect(line.line().at).toEqual([]);
    expect(line.grid()).toBeNull();
    expect(tries.problem()).toBeNull();
  });
});
