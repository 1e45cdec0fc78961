import type { Series } from '../api/types';

/** What a device says about itself rather than about the field. Shown last, never chosen for a card's line. */
const HOUSEKEEPING = /^(seq|uptime|battery.*|rssi|snr|signal.*|lat|lon|latitude|longitude)$/i;

function isHousekeeping(metric: string): boolean {
  return HOUSEKEEPING.test(metric);
}

/** What the device measures first, then what it says about itself, its counter of messages at the very end. */
export function ordered<S extends Pick<Series, 'series' | 'metric'>>(series: readonly S[]): S[] {
  const rank = (one: S) => (one.metric === 'seq' ? 2 : isHousekeeping(one.metric) ? 1 : 0);
  return [...series].sort((one, other) => rank(one) - rank(other) || one.series - other.series);
}

/** The series that stands for its device: the first that measures, else any that a line can be drawn of. */
export function main(series: readonly Series[]): Series | undefined {
  return ordered(series).find((one) => one.kind !== 'text' && one.metric !== 'seq');
}

/** `soil_moisture` as "soil moisture". */
export function title(metric: string): string {
  return metric.replaceAll('_', ' ');
}
