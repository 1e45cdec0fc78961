import { get } from '../api/get';
import type { Page } from '../api/types';

export interface Span {
  readonly match: readonly string[];
  readonly from: number;
  /** Left out, everything up to the newest reading is meant, also what a fast clock dates ahead. */
  readonly to?: number | undefined;
}

/** What is stored, newest first, so that a chart grows from the side that people look at. */
export async function* history(span: Span, signal: AbortSignal, pages = 50): AsyncGenerator<Page> {
  const limit = 10_000;
  let page: string | undefined;
  for (let count = 0; count < pages; count += 1) {
    const answer = await get('/api/v1/readings', { ...span, order: 'desc', limit, page }, signal);
    yield answer;
    if (answer.next === null) {
      return;
    }
    page = answer.next;
  }
}
