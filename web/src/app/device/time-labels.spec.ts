import { timeLabel } from './time-labels';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function said(form: Intl.DateTimeFormatOptions, at: Date): string {
  return new Intl.DateTimeFormat(undefined, form).format(at);
}

describe('timeLabel', () => {
  const noon = new Date(2026, 2, 14, 12, 30);
  const midnight = new Date(2026, 2, 14);

  it('is a time of day within a day, and the day where one begins', () => {
    expect(timeLabel(+noon, 15 * 60_000)).toBe(said({ hour: '2-digit', minute: '2-digit' }, noon));
    expect(timeLabel(+noon, 15_000)).toBe(said({ hour: '2-digit', minute: '2-digit', second: '2-digit' }, noon));
    expect(timeLabel(+midnight, 6 * HOUR)).toBe(said({ day: 'numeric', month: 'short' }, midnight));
  });

  it('is a day within a month, a month within a year, and the year where one begins', () => {
    expect(timeLabel(+midnight, 5 * DAY)).toBe(said({ day: 'numeric', month: 'short' }, midnight));
    expect(timeLabel(+new Date(2026, 2, 1), 30 * DAY)).toBe(said({ month: 'short' }, midnight));
    expect(timeLabel(+new Date(2026, 0, 1), 30 * DAY)).toBe('2026');
  });
});
