import type { Device } from '../api/types';
import { site } from '../fleet/shown';

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** What a device's info says of it, as far as it says it. */
export function facts(device: Device): Fact[] {
  const interval = device.info?.['interval'];
  const all: readonly [string, string | null | undefined][] = [
    ['Device', device.name === device.device ? null : device.device],
    ['Site', site(device)],
    ['Model', device.model],
    ['Firmware', device.firmware],
    ['Location', device.location && `${device.location.lat.toFixed(4)}, ${device.location.lon.toFixed(4)}`],
    ['Interval', typeof interval === 'number' ? `${interval} s` : null],
  ];
  return all.flatMap(([name, value]) => (value ? [{ name, value }] : []));
}
