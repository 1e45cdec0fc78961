import { Tries } from './tries';

describe('Tries', () => {
  const works = () => Promise.resolve();
  const fails = (problem: string) => () => Promise.reject(new Error(problem));

  it('tells what is wrong until the same works, whatever else does', async () => {
    const tries = new Tries();
    const stop = new AbortController().signal;
    const [one, other] = [{}, {}];
    expect(await tries.once(one, fails('away'), stop)).toBe(false);
    expect(await tries.once(other, works, stop)).toBe(true);
    expect(tries.problem()).toBe('away');
    await tries.quietly(one, works, stop);
    expect(tries.problem()).toBeNull();
  });

  it('has no problem with what nobody wants any more', async () => {
    const tries = new Tries();
    const stop = new AbortController();
    const asked = tries.untilItWorks(
      {},
      () =>
        new Promise((_, reject) => {
          stop.signal.addEventListener('abort', reject);
        }),
      stop.signal,
    );
    expect(tries.loading()).toBe(true);
    stop.abort();
    await asked;
    expect(tries.problem()).toBeNull();
    expect(tries.loading()).toBe(false);
  });
});
