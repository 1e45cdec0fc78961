import { Service, signal } from '@angular/core';

import { Link, type LinkState } from './link';
import type { Receiver } from './subscription';

/** The live stream, for the whole app: one socket, its state for people to see, and subscriptions to it. */
@Service()
export class Live {
  private readonly current = signal<LinkState>('connecting');
  readonly state = this.current.asReadonly();

  private readonly link = new Link(
    () => new WebSocket(new URL('/api/v1/live', location.href.replace(/^http/, 'ws'))),
    (state) => {
      this.current.set(state);
    },
  );

  constructor() {
    addEventListener('online', () => {
      this.link.wake();
    });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) {
        this.link.wake();
      }
    });
  }

  /** `rate` is the most frames a second. Returns the way to end it. */
  subscribe(match: readonly string[], rate: number, receiver: Receiver): () => void {
    return this.link.subscribe(match, rate, receiver);
  }
}
