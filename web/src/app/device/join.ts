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
  /** Everything from here on is here, by the history or by the stream. */
  private loadedFrom = Infinity;

  constructor(
    private readonly history: History,
    private readonly changed: (series: number) => void,
  ) {}

  get loaded(): boolean {
    return this.loadedFrom !== Infinity;
  }

  columns(series: number): Columns {
    let found = this.all.get(series);
    if (!found) {
      found = new Columns();
      this.all.set(series, found);
    }
    return found;
  }

  take(readings: Readings): void {
    for (const [series, part] of split(readings)) {
      if (this.columns(series).merge(part.at, part.value)) {
        this.changed(series);
      }
    }
  }

  /** Fetches the past from `from` on: at the start, and whenever the stream says that it left something out. */
  async load(from: number): Promise<void> {
    const start = Math.min(this.loadedFrom, from);
    await this.fetch(start, undefined);
    this.loadedFrom = Math.min(this.loadedFrom, start);
  }

  /** Fetches what a longer range needs beyond what is here. */
  async widen(from: number): Promise<void> {
    if (!this.loaded) {
      await this.load(from);
    } else if (from < this.loadedFrom) {
      await this.fetch(from, this.loadedFrom + 1);
      this.loadedFrom = Math.min(this.loadedFrom, from);
    }
  }

  /** Fetches the last moments anew, while no stream brings them. */
  async refresh(from: number): Promise<void> {
    await this.fetch(from, undefined);
  }

  trim(now: number): void {
    for (const columns of this.all.values()) {
      columns.trim(now - LONGEST);
    }
    if (this.loaded) {
      this.loadedFrom = Math.max(this.loadedFrom, now - LONGEST);
    }
  }

  private async fetch(from: number, to: number | undefined): Promise<void> {
    for await (const page of this.history(Math.floor(from), to)) {
      this.take(page);
    }
  }
}
