import { ago } from './ago';

describe('ago', () => {
  it.each([
    [0, 'just now'],
    [-30_000, 'just now'],
    [999, 'just now'],
    [1_000, '1 second ago'],
    [59_999, '59 seconds ago'],
    [3_600_000, '1 hour ago'],
    [3 * 86_400_000, '3 days ago'],
  ])('says of an age of %i ms: %s', (age, text) => {
    expect(ago(1_000_000_000_000 - age, 1_000_000_000_000)).toBe(text);
  });
});
