import { computed, DestroyRef, effect, inject, signal, type Signal, untracked } from '@angular/core';

import { Clock } from '../time/clock';
import { Tries } from './tries';

/** Milliseconds until an answer is fetched anew: for what is new in it, and late readings in what is old. */
const EVERY = 60_000;

/**
 * The answer to what is wanted, asked for again every minute as long as it is wanted; the one before stays until the next
 * is here. What comes for something that is no longer wanted is dropped. Compare wants by what they say, or each new one asks.
 */
export function renewed<Want extends object, Answer>(
  want: Signal<Want | null>,
  fetch: (want: Want, stop: AbortSignal) => Promise<Answer>,
): Signal<Answer | null> {
  const tries = inject(Tries);
  const clock = inject(Clock);
  const answer = signal<Answer | null>(null);
  let fetched: Want | null = null;

  /** Rounds are counted from the opening of the page, so that not all pages ask in the same second. */
  const opened = clock.now();
  const rounds = computed(() => Math.floor((clock.now() - opened) / EVERY));

  const ask = async (wanted: Want, stop: AbortSignal): Promise<void> => {
    const once = async () => {
      const found = await fetch(wanted, stop);
      stop.throwIfAborted();
      fetched = wanted;
      answer.set(found);
    };
    const again = fetched === wanted && (await tries.quietly(answer, once, stop));
    if (!again && !stop.aborted) {
      await tries.untilItWorks(answer, once, stop);
    }
  };

  inject(DestroyRef).onDestroy(() => {
    tries.forget(answer);
  });
  effect((ended) => {
    const wanted = want();
    rounds();
    if (wanted === null) {
      untracked(() => {
        tries.forget(answer);
      });
      return;
    }
    const stop = new AbortController();
    ended(() => {
      stop.abort();
    });
    untracked(() => void ask(wanted, stop.signal));
  });
  return answer.asReadonly();
}
