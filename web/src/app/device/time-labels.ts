const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const seconds = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat(undefined, { month: 'short' });
const year = new Intl.DateTimeFormat(undefined, { year: 'numeric' });

/** What stands below the axis at a time, `step` ms from the next: where a day or a year begins, the label is its name. */
export function timeLabel(at: number, step: number): string {
  return form(new Date(at), step).format(at);
}

function form(at: Date, step: number): Intl.DateTimeFormat {
  if (step < DAY) {
    return at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0 ? day : step < MINUTE ? seconds : time;
  }
  if (step < 28 * DAY) {
    return day;
  }
  return at.getMonth() === 0 ? year : month;
}
