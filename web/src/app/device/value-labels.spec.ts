import { valueLabel } from './value-labels';

describe('valueLabel', () => {
  it.each([
    [1_000, [0, 5_000, 48_000], ['0', '5,000', '48,000']],
    [0.5, [-0.5, 0, 20.5], ['-0.5', '0', '20.5']],
    [0.1, [0.1 + 0.2, 0.4], ['0.3', '0.4']],
    [0.0025, [0.0025, 0.005], ['0.0025', '0.005']],
    [0.000_001, [0, 0.000_002], ['0', '0.000002']],
    [2.5e-9, [0, 2.5e-9, 1e-8], ['0', '2.5E-9', '1E-8']],
  ])('tells values apart that lie %d from each other', (step, values, labels) => {
    expect(values.map((value) => valueLabel(value, step))).toEqual(labels);
  });
});
