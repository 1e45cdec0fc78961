import { nearest } from './nearest';

describe('nearest', () => {
  const at = [0, 98, 99, 100, 101, 102, 200];
  const value = [90, 2, 1, null, 95, 3, 90];

  it('finds the peak of a pixel when its tip is pointed at', () => {
    expect(nearest(at, value, 2, { at: 100, value: 90, reach: 2 })).toBe(4);
    expect(nearest(at, value, 4, { at: 100, value: 0, reach: 2 })).toBe(2);
  });

  it('stays with the closest in time where no other shares the pixel', () => {
    expect(nearest(at, value, 2, { at: 99, value: 90, reach: 0.4 })).toBe(2);
    expect(nearest(at, value, 6, { at: 250, value: 0, reach: 2 })).toBe(6);
    expect(nearest([], [], 0, { at: 0, value: 0, reach: Infinity })).toBe(0);
  });
});
