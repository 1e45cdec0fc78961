import type { Device } from '../api/types';
import { state, type State } from '../presence/presence';

export type Order = 'name' | 'presence' | 'seen';

export interface Wanted {
  readonly search: string;
  readonly presence: State | 'all';
  readonly order: Order;
}

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
const TROUBLE_FIRST: Record<State, number> = { offline: 0, unknown: 1, online: 2 };

const ORDERS: Record<Order, (one: Device, other: Device) => number> = {
  name: () => 0,
  presence: (one, other) => TROUBLE_FIRST[state(one.online)] - TROUBLE_FIRST[state(other.online)],
  seen: (one, other) => (other.last_seen ?? 0) - (one.last_seen ?? 0),
};

/** The devices that fit what was typed and chosen; equals in the natural order of their names. */
export function shown(devices: readonly Device[], wanted: Wanted): Device[] {
  const words = wanted.search.toLowerCase().split(/\s+/).filter(Boolean);
  return devices
    .filter((device) => wanted.presence === 'all' || state(device.online) === wanted.presence)
    .filter((device) => words.every((word) => searchable(device).includes(word)))
    .sort((one, other) => ORDERS[wanted.order](one, other) || names.compare(one.device, other.device));
}

export function count(devices: readonly Device[], presence: State): number {
  return devices.filter((device) => state(device.online) === presence).length;
}

/** Where a device stands, if its info says so. */
export function site(device: Device): string | undefined {
  const said = device.info?.['site'];
  return typeof said === 'string' ? said : undefined;
}

function searchable(device: Device): string {
  const metrics = device.series.map((series) => series.metric);
  return [device.device, device.name, device.model, site(device), ...metrics].join(' ').toLowerCase();
}
