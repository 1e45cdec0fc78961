import type { Page } from '../api/types';
import { Columns } from '../readings/columns';
import { split, type Readings } from '../readings/split';

/** Longest range that a chart offers; older readings are let go. */
export const LONGEST = 6 * 3_600_000;

export type History = (from: number, to: number | undefined) => AsyncIterable<Page>;

/**
 * The past and the stream as one. It doesn't matter what comes first or twice: readings are a set by series and time.
 * So there is no gap as long as the history is asked for after the stream has begun, and never a double.
 */
export class Join {
  private readonly all = new Map<number, Columns>();
  private reached = Infinity;
  private before: Promise<void> = Promise.resolve();
  /** Where the history stopped short of what was asked for, because that was too much. */
  cut: number | null = null;

  constructor(
    private readonly history: History,
    private readonly changed: (series: number) => void,
    private readonly now: () => number,
  ) {}

  /** Everything from here on is here, by the history or by the stream; what is older than the longest range is let go. */
  private get loadedFrom(): number {
    return Math.max(this.reached, this.now() - LONGEST);
  }

  get loaded(): boolean {
    return this.reached !== Infinity;
  }

  columns(series: number): Columns {
    let found = this.all.get(series);
    if (!found) {
      found = new Columns();
      this.all.set(series, found);
    }
    return found;
  }

  /** Lets the old go with each frame, not by a clock: that of a hidden tab stands still, while the stream goes on. */
  take(readings: Readings): void {
    for (const [series, part] of split(readings)) {
      const columns = this.columns(series);
      if (columns.merge(part.at, part.value)) {
        columns.trim(this.now() - LONGEST);
        this.changed(series);
      }
    }
  }

  /** Fetches the past from `from` on: at the start, and whenever the stream says that it left something out. */
  load(from: number): Promise<void> {
    return this.alone(async () => {
      const start = Math.min(this.loadedFrom, from);
      this.reach(start, await this.fetch(start, undefined));
    });
  }

  /** Fetches what a longer range needs beyond what is here. */
  widen(from: number): Promise<void> {
    return this.alone(async () => {
      if (from < this.loadedFrom) {
        this.reach(from, await this.fetch(from, this.loaded ? this.loadedFrom + 1 : undefined));
      }
    });
  }

  /** Fetches the last moments anew, while no stream brings them. */
  refresh(from: number): Promise<void> {
    return this.alone(async () => {
      const came = await this.fetch(from, undefined);
      if (came > from) {
        this.reach(from, came);
      }
    });
  }

  /** One after the other: what one brings, the next needs not ask for. */
  private alone(ask: () => Promise<void>): Promise<void> {
    const mine = this.before.then(ask);
    this.before = mine.catch(() => undefined);
    return mine;
  }

  private reach(asked: number, came: number): void {
    this.reached = came;
    this.cut = came > asked ? came : null;
  }

  /** Tells from when on everything came: a history that stopped may lack some of its last moment. */
  private async fetch(from: number, to: number | undefined): Promise<number> {
    let last: Page | undefined;
    for await (const page of this.history(Math.floor(from), to)) {
      this.take(page);
      last = page;
    }
    return last && last.next !== null ? (last.at.at(-1) ?? from) + 1 : from;
  }
}
