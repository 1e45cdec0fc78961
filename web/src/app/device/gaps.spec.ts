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
});
