import type { Kind, Value } from '../api/types';

const MOST_DIGITS = 5;
/** Digits that are left of a small value, whatever its zeros. */
const LEAST_DIGITS = 3;
/** Below, nobody counts the zeros. */
const SMALLEST = 1e-6;

/** A value as people read it: three to five digits, at least so many decimals, a state as yes or no. */
export function display(value: Value, kind: Kind, decimals = 0): string {
  if (kind === 'boolean') {
    return isYes(value) ? 'yes' : 'no';
  }
  return typeof value === 'number' ? number(value, decimals) : String(value);
}

/** A value as a height in a chart; a state is stored as 0 or 1 and may also arrive as true or false. */
export function height(value: Value): number {
  return Number(value);
}

/** How many decimals a value is shown with by itself. */
export function decimals(value: Value): number {
  return typeof value === 'number' ? (/\.(\d+)$/.exec(number(value, 0))?.[1]?.length ?? 0) : 0;
}

function isYes(value: Value): boolean {
  return value === true || value === 1;
}

function number(value: number, decimals: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < SMALLEST) {
    return value.toLocaleString('en', { notation: 'scientific', maximumSignificantDigits: LEAST_DIGITS });
  }
  const whole = size === 0 ? 1 : Math.floor(Math.log10(size)) + 1;
  const most = Math.max(0, MOST_DIGITS - Math.max(1, whole), whole < 1 ? LEAST_DIGITS - whole : 0);
  return value.toLocaleString('en', {
    useGrouping: whole > 4,
    minimumFractionDigits: Math.min(decimals, most),
    maximumFractionDigits: most,
  });
}
