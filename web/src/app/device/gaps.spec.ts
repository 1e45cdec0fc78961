import { withPauses } from './gaps';

describe('withPauses', () => {
  it('breaks the line in a silence of many intervals', () => {
    const [at, value] = withPauses([0, 10_000, 20_000, 30_000, 120_000], [1, 2, 3, 4, 5]);
    expect(at).toEqual([0, 10_000, 20_000, 30_000, 75_000, 120_000]);
    expect(value).toEqual([1, 2, 3, 4, null, 5]);
  });

  it('does not break it for one late reading', () => {
    const [, value] = withPauses([0, 10_000, 20_000, 45_000], [1, 2, 3, 4]);
    expect(value).toEqual([1, 2, 3, 4]);
  });

  const COLUMN = 3_600_000;
  /** First and last reading of each of these columns, a reading every ten seconds. */
  const ends = (...columns: number[]) => columns.flatMap((n) => [n * COLUMN, (n + 1) * COLUMN - 10_000]);

  it('does not break a line of columns within one, nor where one is empty', () => {
    const live = Array.from({ length: 50 }, (_, n) => 7 * COLUMN + n * 10_000);
    const at = [...ends(0, 1, 2, 4, 5, 6), ...live];
    expect(withPauses(at, at, COLUMN)[0]).toEqual(at);
  });

  it('does not break a line that has but one column', () => {
    const at = [0, 10_000, 20_000, 30_000];
    expect(withPauses(at, at, COLUMN)[0]).toEqual(at);
  });

  it('breaks a line of columns where many are empty', () => {
    const at = ends(0, 1, 2, 3, 10, 11);
    expect(withPauses(at, at, COLUMN)[1].filter((value) => value === null)).toHaveLength(1);
  });

  it('does not break a line of columns that seldom hold a reading', () => {
    const at = [0, 24, 48, 72, 96].map((hours) => hours * COLUMN);
    expect(withPauses(at, at, COLUMN)[0]).toEqual(at);
  });
});
