import { computed, Service, signal } from '@angular/core';

const TRY_AGAIN = 5_000;

export type Ask = () => Promise<void>;

/** What a page asks of the API: whether answers are waited for, what is wrong, and another try until it works. */
@Service({ autoProvided: false })
export class Tries {
  private readonly out = signal(0);
  private readonly problems = signal<ReadonlyMap<object, string>>(new Map());
  readonly loading = computed(() => this.out() > 0);
  readonly problem = computed(() => [...this.problems().values()].at(-1) ?? null);

  /** Tells whether it worked. What went wrong is shown until `who` asks with success, or is forgotten. */
  async once(who: object, ask: Ask, stop: AbortSignal): Promise<boolean> {
    this.out.update((count) => count + 1);
    try {
      return await this.quietly(who, ask, stop);
    } finally {
      this.out.update((count) => count - 1);
    }
  }

  async untilItWorks(who: object, ask: Ask, stop: AbortSignal): Promise<void> {
    while (!(await this.once(who, ask, stop)) && !stop.aborted) {
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN));
    }
  }

  /** As `once`, for what renews in the background: nobody waits for it. */
  async quietly(who: object, ask: Ask, stop: AbortSignal): Promise<boolean> {
    try {
      await ask();
      this.forget(who);
      return true;
    } catch (error: unknown) {
      if (!stop.aborted) {
        this.tell(who, error instanceof Error ? error.message : String(error));
      }
      return false;
    }
  }

  forget(who: object): void {
    this.problems.update((known) => new Map([...known].filter(([one]) => one !== who)));
  }

  private tell(who: object, problem: string): void {
    this.problems.update((known) => new Map([...known, [who, problem]]));
  }
}
