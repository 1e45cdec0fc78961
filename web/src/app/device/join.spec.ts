import type { Page } from '../api/types';
import { Join, LONGEST } from './join';

/** A store that may be written to between two pages, as the real one is. */
class Store {
  readonly at: number[] = [];
  readonly asked: [number, number | undefined][] = [];
  meanwhile: () => void = () => undefined;
  pages = 10;

  async *history(from: number, to: number | undefined): AsyncGenerator<Page> {
    this.asked.push([from, to]);
    const found = this.at.filter((at) => at >= from && at < (to ?? Infinity)).reverse();
    for (let count = 0; count < this.pages && found.length > 0; count += 1) {
      const at = found.splice(0, 2);
      yield await Promise.resolve(page(at, found.length > 0));
      this.meanwhile();
    }
  }
}

function page(at: number[], more: boolean): Page {
  return { names: {}, series: at.map(() => 1), at, value: at, next: more ? 'more' : null };
}

function live(...at: number[]): { series: number[]; at: number[]; value: number[] } {
  return { series: at.map(() => 1), at, value: at };
}

describe('Join', () => {
  let store: Store;
  let join: Join;
  let now: number;

  beforeEach(() => {
    now = 100;
    store = new Store();
    join = new Join(
      (from, to) => store.history(from, to),
      () => undefined,
      () => now,
    );
  });

  it('leaves no gap and no double where history and stream overlap', async () => {
    store.at.push(10, 20, 30, 40, 50);
    join.take(live(50));
    store.meanwhile = () => {
      store.at.push(60);
      join.take(live(60));
      store.meanwhile = () => undefined;
    };
    await join.load(0);
    join.take(live(70));
    expect(join.columns(1).at).toEqual([10, 20, 30, 40, 50, 60, 70]);
  });

  it('fetches only what a longer range lacks', async () => {
    store.at.push(10, 20, 30, 40);
    await join.load(25);
    await join.widen(5);
    expect(store.asked).toEqual([
      [25, undefined],
      [5, 26],
    ]);
    expect(join.columns(1).at).toEqual([10, 20, 30, 40]);
    await join.widen(15);
    expect(store.asked.length).toBe(2);
  });

  it('fetches the whole range again when the stream left something out', async () => {
    store.at.push(10, 20);
    await join.load(0);
    store.at.push(30, 40);
    join.take(live(50));
    await join.load(15);
    expect(join.columns(1).at).toEqual([10, 20, 30, 40, 50]);
  });

  it('lets go what is older than the longest range as new readings come, with no clock that ticks', async () => {
    await join.load(0);
    for (now = 0; now < 3 * LONGEST; now += LONGEST / 100) {
      join.take(live(now));
    }
    expect(join.columns(1).at.length).toBeLessThan(140);
    store.at.push(now - 2 * LONGEST, now - 1);
    await join.load(now - 1);
    expect(store.asked.at(-1)?.[0]).toBe(now - LONGEST);
  });

  it('knows where a history stopped that was too long, and goes on from there', async () => {
    store.at.push(10, 20, 30, 40, 50, 60, 70);
    store.pages = 2;
    await join.load(5);
    expect(join.columns(1).at).toEqual([40, 50, 60, 70]);
    expect(join.cut).toBe(41);
    await join.widen(5);
    expect(join.columns(1).at).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(store.asked.at(-1)).toEqual([5, 42]);
    expect(join.cut).toBeNull();
  });

  it('knows of the hole that a history leaves which stopped when it was fetched again', async () => {
    store.at.push(10);
    await join.load(5);
    store.at.push(20, 30, 40, 50, 60, 70);
    store.pages = 2;
    await join.load(15);
    await join.widen(15);
    expect(join.columns(1).at).toEqual([10, 20, 30, 40, 50, 60, 70]);
  });

  it('fetches one range after the other, and only what the one before did not bring', async () => {
    store.at.push(10, 20, 30, 40);
    await Promise.all([join.load(25), join.widen(5), join.widen(15)]);
    expect(store.asked).toEqual([
      [25, undefined],
      [5, 26],
    ]);
  });

  it('does not count a range as loaded that failed on the way', async () => {
    const broken = new Join(
      () => ({
        [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('away')) }),
      }),
      () => undefined,
      () => now,
    );
    await expect(broken.load(0)).rejects.toThrow('away');
    expect(broken.loaded).toBe(false);
  });
});
