/** A pause counts as one from here on, in typical intervals: one late reading doesn't break a line. */
const PAUSE = 4;

/**
 * How long a silence is before a line breaks: some typical intervals. A line over an outage would be made up.
 * Where at most a few readings of each column are here, the intervals are those between columns that hold any.
 */
function longestPause(at: readonly number[], column = 1): number {
  const begins = at.map((time) => Math.floor(time / column) * column);
  const recent = begins.filter((time, index) => time !== begins[index - 1]).slice(-500);
  const intervals = recent.slice(1).map((time, index) => time - (recent[index] ?? time));
  const typical = intervals.sort((one, other) => one - other)[Math.floor(intervals.length / 2)] ?? 0;
  return Math.max(Math.max(typical, column) * PAUSE, 5_000);
}

/** Columns with an empty value in the middle of each long pause, which is how uPlot is told to break a line. */
export function withPauses(at: readonly number[], value: readonly number[], column = 1): [number[], (number | null)[]] {
  const longest = longestPause(at, column);
  const times: number[] = [];
  const values: (number | null)[] = [];
  at.forEach((time, index) => {
    const before = at[index - 1];
    if (before !== undefined && time - before > longest) {
      times.push((before + time) / 2);
      values.push(null);
    }
    times.push(time);
    values.push(value[index] ?? null);
  });
  return [times, values];
}
