/** Selects series of one device: one metric, or all of them. A name may hold what would select others. */
export function match(device: string, metric?: string): string {
  return `${literal(device)}/${metric === undefined ? '*' : literal(metric)}`;
}

function literal(name: string): string {
  return name.replace(/[\\*]/g, '\\$&');
}
