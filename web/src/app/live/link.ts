import type { Frame } from './frames';
import { unsubscribe } from './frames';
import { type Receiver, Subscription } from './subscription';

export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'polling';

/** A socket on which nothing comes for this long has failed: whatever its database does, a server says at once that it is there. */
export const PATIENCE = 4_000;
/** What patience grows to while the API is polled: whoever hears nothing for so long is better off with another socket. */
export const LONGEST_PATIENCE = 16_000;
/** After so long without a frame the server is asked whether it is there: a path that broke in silence closes no socket. */
export const SILENCE = 30_000;
/** What no subscription is called: that it is unknown is the server's answer, and all that is wanted of it. */
const NOBODY = 'nobody';
/** After so many failures in a row people are told, and the API is polled until the socket is back. */
const FAILURES_UNTIL_POLLING = 3;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;

/**
 * One socket for all subscriptions, opened with the first of them and, whenever it is lost, again.
 * It is live from the first snapshot on, not from its opening: a proxy may accept what nobody answers. A server that answers,
 * but has no snapshot yet, is waited for: who left would only queue again, behind all who came back with it.
 */
export class Link {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the server has said something since it was last asked. */
  private answered = false;
  /** Whether the socket has brought what is wanted. */
  private live = false;
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

  /** The network came back, or somebody looks at the page again: tries at once if it is waiting to, else sees if it is still live. */
  wake(): void {
    if (this.socket === null && this.timer !== undefined) {
      this.connect();
    } else if (this.socket !== null && this.answered) {
      this.probe(this.socket);
    }
  }

  private connect(): void {
    const socket = this.open();
    this.socket = socket;
    this.live = false;
    this.expectWord(socket);
    socket.onopen = () => {
      for (const subscription of this.subscriptions.values()) {
        socket.send(subscription.request());
      }
      socket.send(unsubscribe(NOBODY));
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      this.receive(socket, JSON.parse(event.data) as Frame);
    };
    socket.onclose = () => {
      this.lost(socket);
    };
  }

  /** A socket whose server refuses all that is wanted is not live; one that was live before is not lost by a refusal. */
  private receive(socket: WebSocket, frame: Frame): void {
    if (frame.type !== 'error' || frame.id === NOBODY) {
      this.answered = true;
      this.live ||= frame.type !== 'error' || this.subscriptions.size === 0;
      this.goOn(socket);
    }
    const subscription = this.subscriptions.get(frame.id ?? '');
    if (subscription?.take(frame)) {
      this.send(subscription.request());
    }
  }

  private goOn(socket: WebSocket): void {
    if (this.live) {
      this.failures = 0;
      this.changed('live');
      this.wait(SILENCE, () => {
        this.probe(socket);
      });
    } else {
      this.wait(this.patience(), () => {
        this.failed();
        this.probe(socket);
      });
    }
  }

  private probe(socket: WebSocket): void {
    this.send(unsubscribe(NOBODY));
    this.expectWord(socket);
  }

  private expectWord(socket: WebSocket): void {
    this.answered = false;
    this.wait(this.patience(), () => {
      this.lost(socket);
    });
  }

  private patience(): number {
    const tries = Math.max(0, this.failures - FAILURES_UNTIL_POLLING + 1);
    return Math.min(LONGEST_PATIENCE, PATIENCE * 2 ** tries);
  }

  private failed(): void {
    this.failures += 1;
    this.changed(this.failures < FAILURES_UNTIL_POLLING ? 'reconnecting' : 'polling');
  }

  private lost(socket: WebSocket): void {
    if (socket !== this.socket) {
      return;
    }
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.socket = null;
    this.failed();
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (this.failures - 1));
    // spread over half the delay, so that a restarted server is not met by all browsers at once
    this.wait(delay * (0.5 + Math.random() / 2), () => {
      this.connect();
    });
  }

  private wait(delay: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      then();
    }, delay);
  }

  private send(text: string): void {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(text);
    }
  }
}
