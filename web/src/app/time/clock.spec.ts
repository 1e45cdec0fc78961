import { TestBed } from '@angular/core/testing';

import { Clock, serverTime, ServerTime } from './clock';

const NOON = Date.parse('2026-11-29T12:00:00Z');
const HOUR = 3_600_000;

function header(at: number): string {
  return new Date(at).toUTCString();
}

describe('ServerTime', () => {
  let time: ServerTime;

  beforeEach(() => {
    vi.useFakeTimers({ now: NOON });
    time = new ServerTime();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('is that of the desk until the server says another', () => {
    time.hear(header(NOON));
    time.hear(null);
    time.hear('yesterday');
    expect(time.now()).toBe(NOON);
    time.hear(header(NOON - HOUR));
    expect(time.now()).toBe(NOON - HOUR + 500);
  });

  it('does not tremble with the seconds of the header, and follows a desk clock that is set right', () => {
    time.hear(header(NOON - HOUR));
    vi.setSystemTime(NOON + 999);
    time.hear(header(NOON - HOUR));
    expect(time.offset()).toBe(500 - HOUR);
    vi.setSystemTime(NOON);
    time.hear(header(NOON));
    expect(time.now()).toBe(NOON + 500);
  });
});

describe('Clock', () => {
  afterEach(() => {
    serverTime.hear(header(Date.now()));
  });

  it('moves as soon as the server has said its time', () => {
    const clock = TestBed.inject(Clock);
    const before = clock.now();
    serverTime.hear(header(before - HOUR));
    expect(Math.abs(clock.now() - (before - HOUR))).toBeLessThan(2_000);
  });
});
