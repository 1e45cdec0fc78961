const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** "12 seconds ago"; what lies ahead, by a device's clock that runs fast, is "just now". */
export function ago(at: number, now: number): string {
  const age = now - at;
  const [unit, length] = STEPS.find(([, length]) => age >= length) ?? ['second', 1_000];
  return age < 1_000 ? 'just now' : relative.format(-Math.floor(age / length), unit);
}

const sameDay = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const otherDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

const roughDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** For a time that is known to the column of a chart. */
export function roughly(at: number): string {
  return `about ${roughDay.format(at)}`;
}

/** The time of day, with the date where it isn't today's. */
export function moment(at: number, now: number): string {
  const today = new Date(at).toDateString() === new Date(now).toDateString();
  return (today ? sameDay : otherDay).format(at);
}
