import { Columns } from './columns';

function filled(...at: number[]): Columns {
  const columns = new Columns();
  columns.merge(
    at,
    at.map((time) => time * 10),
  );
  return columns;
}

describe('Columns', () => {
  it('appends what is newer', () => {
    const columns = filled(1, 2);
    expect(columns.merge([3, 4], [30, 40])).toBe(true);
    expect(columns.at).toEqual([1, 2, 3, 4]);
    expect(columns.value).toEqual([10, 20, 30, 40]);
  });

  it('puts late readings into their place', () => {
    const columns = filled(1, 5, 9);
    columns.merge([3, 0, 7], [30, 0, 70]);
    expect(columns.at).toEqual([0, 1, 3, 5, 7, 9]);
    expect(columns.value).toEqual([0, 10, 30, 50, 70, 90]);
  });

  it('takes history that comes newest first', () => {
    const columns = filled(9);
    columns.merge([8, 7, 6], [80, 70, 60]);
    columns.merge([5, 4], [50, 40]);
    expect(columns.at).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it('keeps one reading a time, the first that came', () => {
    const columns = filled(1, 2, 3);
    expect(columns.merge([2, 3], [999, 999])).toBe(false);
    columns.merge([2, 4, 4], [999, 40, 999]);
    expect(columns.at).toEqual([1, 2, 3, 4]);
    expect(columns.value).toEqual([10, 20, 30, 40]);
  });

  it('is the same set in whatever order and however often pieces come', () => {
    const pieces = [
      [5, 6, 7],
      [3, 2, 1],
      [4, 6, 2],
      [7, 8],
    ];
    for (const order of [pieces, [...pieces].reverse(), [...pieces, ...pieces]]) {
      const columns = new Columns();
      for (const piece of order) {
        columns.merge(piece, piece);
      }
      expect(columns.at).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(columns.value).toEqual(columns.at);
    }
  });

  it('forgets the old once it is a good part of all, save the last of it', () => {
    const columns = filled(1, 2, 3, 4, 5, 6, 7, 8);
    columns.trim(3);
    expect(columns.at.length).toBe(8);
    columns.trim(5);
    expect(columns.at).toEqual([4, 5, 6, 7, 8]);
    columns.trim(100);
    expect(columns.at).toEqual([8]);
  });
});
