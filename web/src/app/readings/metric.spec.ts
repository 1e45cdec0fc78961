import type { Series } from '../api/types';
import { main, ordered, title } from './metric';

function series(...metrics: string[]): Series[] {
  return metrics.map((metric, index) => ({ series: index, metric, unit: null, kind: 'number' }));
}

describe('metric', () => {
  it('orders what is measured before what a device says of itself, and the counter last', () => {
    const names = ordered(series('seq', 'battery', 'temperature', 'lat')).map((one) => one.metric);
    expect(names).toEqual(['temperature', 'battery', 'lat', 'seq']);
  });

  it('chooses for a card what a line can be drawn of', () => {
    const fleet = series('state', 'level').map((one) =>
      one.metric === 'state' ? { ...one, kind: 'text' as const } : one,
    );
    expect(main(fleet)?.metric).toBe('level');
    expect(main(series('seq', 'battery'))?.metric).toBe('battery');
    expect(main(series('seq'))).toBeUndefined();
  });

  it('writes names as words', () => {
    expect(title('soil_moisture')).toBe('soil moisture');
  });
});
