import type { Value } from '../api/types';

/** Readings of one series in order of time, each time once: the first value that came stays, as in the store. */
export class Columns {
  at: number[] = [];
  value: Value[] = [];

  get last(): number {
    return this.at.at(-1) ?? -Infinity;
  }

  /** Takes readings in any order, known ones too, and tells whether anything was new. */
  merge(at: readonly number[], value: readonly Value[]): boolean {
    const before = this.at.length;
    const order = inOrder(at);
    const first = order[0];
    if (first === undefined) {
      return false;
    }
    if ((at[first] ?? 0) > this.last) {
      this.append(order, at, value);
    } else {
      this.interleave(order, at, value);
    }
    return this.at.length > before;
  }

  /**
   * Forgets what is older, save the last of it: a state holds until the next reading. Waits until it is a quarter of
   * all, for each cut moves the rest; until then it costs one look, so it may be called with each frame.
   */
  trim(before: number): void {
    const beyondQuarter = this.at[Math.floor(this.at.length / 4) + 1] ?? Infinity;
    if (beyondQuarter < before) {
      const old = this.at.findIndex((at) => at >= before);
      const count = (old < 0 ? this.at.length : old) - 1;
      this.at = this.at.slice(count);
      this.value = this.value.slice(count);
    }
  }

  private append(order: readonly number[], at: readonly number[], value: readonly Value[]): void {
    for (const index of order) {
      const time = at[index];
      const what = value[index];
      if (time !== undefined && what !== undefined && time > this.last) {
        this.at.push(time);
        this.value.push(what);
      }
    }
  }

  private interleave(order: readonly number[], at: readonly number[], value: readonly Value[]): void {
    const known = { at: this.at, value: this.value };
    this.at = [];
    this.value = [];
    let next = 0;
    for (const index of order) {
      const time = at[index] ?? 0;
      const start = next;
      while (next < known.at.length && (known.at[next] ?? 0) <= time) {
        next += 1;
      }
      this.take(known, start, next);
      this.append([index], at, value);
    }
    this.take(known, next, known.at.length);
  }

  private take(from: { at: number[]; value: Value[] }, start: number, end: number): void {
    for (let index = start; index < end; index += 1) {
      this.append([index], from.at, from.value);
    }
  }
}

/** The indices by ascending time; the history comes newest first, the live stream nearly in order. */
function inOrder(at: readonly number[]): number[] {
  const order = Array.from(at.keys());
  return order.sort((one, other) => (at[one] ?? 0) - (at[other] ?? 0) || one - other);
}
