import { Service, signal } from '@angular/core';

/** The server's time as the browser knows it: a wrong clock on the desk must not shift charts and ages. */
class ServerTime {
  private offset = 0;

  now(): number {
    return Date.now() + this.offset;
  }

  /** Learns from a `Date` header. It is cut to whole seconds, so less than two seconds' difference tells nothing. */
  hear(date: string | null): void {
    const difference = Date.parse(date ?? '') + 500 - Date.now();
    if (!Number.isNaN(difference)) {
      this.offset = Math.abs(difference) > 2_000 ? difference : 0;
    }
  }
}

export const serverTime = new ServerTime();

/** `now` as a signal that moves once a second, for everything that grows older on the screen. */
@Service()
export class Clock {
  private readonly ticks = signal(serverTime.now());
  readonly now = this.ticks.asReadonly();

  constructor() {
    setInterval(() => {
      if (!document.hidden) {
        this.ticks.set(serverTime.now());
      }
    }, 1_000);
  }
}
