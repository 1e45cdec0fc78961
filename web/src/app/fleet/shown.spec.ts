import type { Device } from '../api/types';
import { count, shown, site, type Wanted } from './shown';

function device(name: string, more: Partial<Device> = {}): Device {
  const empty = { name, model: null, firmware: null, location: null, info: null, last_seen: null, series: [] };
  return { device: name, online: true, ...empty, ...more };
}

const all: Wanted = { search: '', presence: 'all', order: 'name' };
const names = (devices: Device[]) => devices.map((one) => one.device);

describe('shown', () => {
  it('counts as people do: 2 before 10', () => {
    expect(names(shown([device('pump-10'), device('pump-2'), device('door-1')], all))).toEqual([
      'door-1',
      'pump-2',
      'pump-10',
    ]);
  });

  it('finds every word, in name, site, model or metric', () => {
    const fleet = [
      device('a', { info: { site: 'North Farm' }, model: 'Climate C2' }),
      device('b', { series: [{ series: 1, metric: 'humidity', unit: '%', kind: 'number' }] }),
    ];
    expect(names(shown(fleet, { ...all, search: 'north clim' }))).toEqual(['a']);
    expect(names(shown(fleet, { ...all, search: 'HUMID' }))).toEqual(['b']);
    expect(names(shown(fleet, { ...all, search: 'north humid' }))).toEqual([]);
  });

  it('puts trouble first when asked to', () => {
    const fleet = [device('a'), device('b', { online: null }), device('c', { online: false })];
    expect(names(shown(fleet, { ...all, order: 'presence' }))).toEqual(['c', 'b', 'a']);
    expect(names(shown(fleet, { ...all, presence: 'unknown' }))).toEqual(['b']);
    expect(count(fleet, 'offline')).toBe(1);
  });

  it('takes the site only if the info says one', () => {
    expect(site(device('a', { info: { site: 3 } }))).toBeUndefined();
  });
});
