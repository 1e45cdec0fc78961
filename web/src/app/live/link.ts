import type { Frame } from './frames';
import { unsubscribe } from './frames';
import { type Receiver, Subscription } from './subscription';

export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'polling';

/** A socket that says nothing for this long after it was asked for counts as failed. */
export const PATIENCE = 4_000;
/** After so many failures in a row people are told, and the API is polled until the socket is back. */
export const FAILURES_UNTIL_POLLING = 3;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;

/**
 * One socket for all subscriptions, opened with the first of them and, whenever it is lost, again.
 * It is live from the server's first frame on, not from its opening: a proxy may accept what nobody answers.
 */
export class Link {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private count = 0;
  private readonly subscriptions = new Map<string, Subscription>();

  constructor(
    private readonly open: () => WebSocket,
    private readonly changed: (state: LinkState) => void,
  ) {}

  subscribe(match: readonly string[], rate: number, receiver: Receiver): () => void {
    this.count += 1;
    const subscription = new Subscription(`s${this.count}`, match, rate, receiver);
    this.subscriptions.set(subscription.id, subscription);
    if (this.socket === null && this.timer === undefined) {
      this.connect();
    } else {
      this.send(subscription.request());
    }
    return () => {
      this.subscriptions.delete(subscription.id);
      this.send(unsubscribe(subscription.id));
    };
  }

  /** Tries at once if it is waiting to: the network came back, or somebody looks at the page again. */
  retry(): void {
    if (this.socket === null && this.timer !== undefined) {
      this.connect();
    }
  }

  private connect(): void {
    const socket = this.open();
    this.socket = socket;
    this.wait(PATIENCE, () => {
      this.lost(socket);
    });
    socket.onopen = () => {
      for (const subscription of this.subscriptions.values()) {
        socket.send(subscription.request());
      }
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      this.receive(JSON.parse(event.data) as Frame);
    };
    socket.onclose = () => {
      this.lost(socket);
    };
  }

  private receive(frame: Frame): void {
    if (frame.type !== 'error') {
      this.wait(undefined);
      this.failures = 0;
      this.changed('live');
    }
    const subscription = this.subscriptions.get(frame.id ?? '');
    if (subscription?.take(frame)) {
      this.send(subscription.request());
    }
  }

  private lost(socket: WebSocket): void {
    if (socket !== this.socket) {
      return;
    }
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.socket = null;
    this.failures += 1;
    this.changed(this.failures < FAILURES_UNTIL_POLLING ? 'reconnecting' : 'polling');
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (this.failures - 1));
    // spread over half the delay, so that a restarted server is not met by all browsers at once
    this.wait(delay * (0.5 + Math.random() / 2), () => {
      this.connect();
    });
  }

  private wait(delay: number | undefined, then?: () => void): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (delay !== undefined && then) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        then();
      }, delay);
    }
  }

  private send(text: string): void {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(text);
    }
  }
}
