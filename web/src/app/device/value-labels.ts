/** Beyond so many decimals nobody counts the zeros. */
const MOST_DECIMALS = 7;

/** What stands beside the axis at a value, `step` from the next: all digits by which it differs from that, and no others. */
export function valueLabel(value: number, step: number): string {
  const digit = Math.floor(Math.log10(step)) - 1; // a step may be 2.5
  if (-digit <= MOST_DECIMALS || value === 0) {
    return value.toLocaleString('en', { maximumFractionDigits: Math.min(MOST_DECIMALS, Math.max(0, -digit)) });
  }
  const digits = Math.floor(Math.log10(Math.abs(value))) - digit + 1;
  const most = Math.min(21, Math.max(1, digits));
  return value.toLocaleString('en', { notation: 'scientific', maximumSignificantDigits: most });
}
