import type { Kind, Value } from '../api/types';
import type { Readings } from '../readings/split';

/** A series and its newest reading; without one it is new or has another unit, and nothing is said of its readings. */
export interface Announced {
  readonly series: number;
  readonly device: string;
  readonly metric: string;
  readonly unit: string | null;
  readonly kind: Kind;
  readonly at: number | null;
  readonly value: Value | null;
}

export interface Subscribed {
  readonly type: 'subscribed';
  readonly id: string;
  readonly series: readonly Announced[];
  readonly cursor: string;
}

export interface LiveReadings extends Readings {
  readonly type: 'readings';
  readonly id: string;
  readonly cursor: string;
}

export interface Gap {
  readonly type: 'gap';
  readonly id: string;
  readonly after: string;
  readonly cursor: string;
  readonly reason: string;
}

export interface Refusal {
  readonly type: 'error';
  readonly id: string | null;
  readonly code: string;
  readonly message: string;
}

/** What the server sends on `/api/v1/live`. A type that is not known here is of a newer server, and skipped. */
export type Frame = Subscribed | LiveReadings | Gap | Refusal;

export function subscribe(id: string, match: readonly string[], rate: number, after: string | null): string {
  return JSON.stringify({ type: 'subscribe', id, match, after, rate });
}

export function unsubscribe(id: string): string {
  return JSON.stringify({ type: 'unsubscribe', id });
}
