import { columnsWith, grid, windowAt } from './grid';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('grid', () => {
  it('has a column for each pixel', () => {
    expect(grid(30 * DAY, 720)).toEqual({ points: 720, column: HOUR });
  });

  it('has no columns narrower than the finest rollup, and no more than the API gives', () => {
    expect(grid(DAY, 3_000)).toEqual({ points: 1_440, column: 60_000 });
    expect(grid(366 * DAY, 50_000).points).toBe(10_000);
  });

  it('shows at least the range, in whole milliseconds', () => {
    const { points, column } = grid(7 * DAY, 1_001);
    expect(Number.isInteger(column)).toBe(true);
    expect(points * column).toBeGreaterThanOrEqual(7 * DAY);
  });
});

describe('windowAt', () => {
  const month = { points: 720, column: HOUR };

  it('ends with the column of now, and moves by whole columns', () => {
    const begin = 490_000 * HOUR;
    expect(windowAt(begin, month)).toEqual({ from: begin - 719 * HOUR, to: begin + HOUR });
    expect(windowAt(begin + HOUR - 1, month)).toEqual(windowAt(begin, month));
    expect(windowAt(begin + HOUR, month).to).toBe(begin + 2 * HOUR);
  });
});

describe('columnsWith', () => {
  it('counts columns, however many readings each has', () => {
    expect(columnsWith([], 10)).toBe(0);
    expect(columnsWith([0, 3, 9, 10, 35, 39], 10)).toBe(3);
  });
});
