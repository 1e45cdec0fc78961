import type { Readings } from '../readings/split';
import { type Announced, type Frame, subscribe } from './frames';

/** Who a subscription tells. `missed` means: what lies between must be fetched, the stream goes on after it. */
export interface Receiver {
  started(series: readonly Announced[]): void;
  announced(series: readonly Announced[]): void;
  readings(readings: Readings): void;
  missed(): void;
}

/** What is wanted of the stream, and the cursor up to which it came: the place to resume at after a lost socket. */
export class Subscription {
  private cursor: string | null = null;

  constructor(
    readonly id: string,
    private readonly match: readonly string[],
    private readonly rate: number,
    private readonly receiver: Receiver,
  ) {}

  request(): string {
    return subscribe(this.id, this.match, this.rate, this.cursor);
  }

  /** Takes a frame and tells whether the subscription has to be requested again. */
  take(frame: Frame): boolean {
    switch (frame.type) {
      case 'subscribed':
        this.begin(frame.series, frame.cursor);
        return false;
      case 'readings':
        this.cursor = frame.cursor;
        this.receiver.readings(frame);
        return false;
      case 'gap':
        this.cursor = frame.cursor;
        this.receiver.missed();
        return false;
      case 'error':
        return this.startOver();
      default:
        return false;
    }
  }

  /** Only a first snapshot gives the cursor: after a resume, what it covers is still to come as readings. */
  private begin(series: readonly Announced[], cursor: string): void {
    if (this.cursor === null) {
      this.cursor = cursor;
      this.receiver.started(series);
    } else {
      this.receiver.announced(series);
    }
  }

  /** A cursor that the server refuses is dropped, once; the fresh start makes the receiver fetch again. */
  private startOver(): boolean {
    const had = this.cursor !== null;
    this.cursor = null;
    return had;
  }
}
