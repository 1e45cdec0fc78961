import { computed, Service, signal, untracked } from '@angular/core';

/** Milliseconds that tell nothing: a `Date` header is cut to whole seconds, and takes a while to come. */
const UNSURE = 2_000;

/** The server's time as the browser knows it: a wrong clock on the desk must not shift charts and ages. */
export class ServerTime {
  private readonly ahead = signal(0);
  /** Milliseconds that the server is ahead of the desk. */
  readonly offset = this.ahead.asReadonly();

  now(): number {
    return Date.now() + untracked(this.ahead);
  }

  /** Learns from a `Date` header. What differs by less than one can be sure of changes nothing, or time would tremble. */
  hear(date: string | null): void {
    const heard = Date.parse(date ?? '') + 500 - Date.now();
    if (Math.abs(heard - untracked(this.ahead)) > UNSURE) {
      this.ahead.set(heard);
    }
  }
}

export const serverTime = new ServerTime();

/** `now` as a signal that moves once a second, and as soon as the server's time is known, for all that grows older on the screen. */
@Service()
export class Clock {
  private readonly ticks = signal(Date.now());
  readonly now = computed(() => this.ticks() + serverTime.offset());

  constructor() {
    setInterval(() => {
      if (!document.hidden) {
        this.ticks.set(Date.now());
      }
    }, 1_000);
  }
}
