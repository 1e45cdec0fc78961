import { DestroyRef, effect, inject, untracked } from '@angular/core';

import { Live } from './live';

const POLL_EVERY = 5_000;

/** Calls `ask` every few seconds while the live socket can't be had, never while the last call is still out. */
export function pollWithoutSocket(ask: () => Promise<void>): void {
  const live = inject(Live);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let rounds = 0;

  const round = async (mine: number): Promise<void> => {
    await ask();
    if (mine === rounds) {
      timer = setTimeout(() => void round(mine), POLL_EVERY);
    }
  };
  const stop = () => {
    rounds += 1;
    clearTimeout(timer);
  };
  effect(() => {
    const polling = live.state() === 'polling';
    stop();
    if (polling) {
      untracked(() => void round(rounds));
    }
  });
  inject(DestroyRef).onDestroy(stop);
}
