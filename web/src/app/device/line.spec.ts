import { continued } from './line';

describe('continued', () => {
  const line = { at: [10, 20, 30], value: [1, 2, 3] };

  it('adds what is newer than the last reading, each once', () => {
    expect(continued(line, { at: [5, 20, 25, 30, 31, 40], value: [9, 2, 9, 3, 4, 5] })).toEqual({
      at: [10, 20, 30, 31, 40],
      value: [1, 2, 3, 4, 5],
    });
  });

  it('is all there is where there was no line yet, and the line where nothing is newer', () => {
    expect(continued({ at: [], value: [] }, line)).toEqual(line);
    expect(continued(line, { at: [7], value: [7] })).toEqual(line);
  });
});
