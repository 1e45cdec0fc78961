import { match } from './match';

describe('match', () => {
  it('selects a metric of a device, or all', () => {
    expect(match('pump-1', 'rms')).toBe('pump-1/rms');
    expect(match('pump-1')).toBe('pump-1/*');
  });

  it('takes a star in a name as a star', () => {
    expect(match('a*b\\c')).toBe('a\\*b\\\\c/*');
  });
});
