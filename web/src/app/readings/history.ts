import { get } from '../api/get';
import type { Page } from '../api/types';

export interface Span {
  readonly match: readonly string[];
  readonly from: number;
  /** Left out, everything up to the newest reading is meant, also what a fast clock dates ahead. */
  readonly to?: number | undefined;
}

/** The most that the API gives in one page. */
const LIMIT = 100_000;
/** Half a million readings: a chart of more would be too slow to use. */
const PAGES = 5;

/**
 * What is stored, newest first, so that a chart grows from the side that people look at. Stops after some pages: a last one
 * whose `next` is not null says that there is more.
 */
export async function* history(span: Span, signal: AbortSignal, pages = PAGES): AsyncGenerator<Page> {
  let page: string | undefined;
  for (let count = 0; count < pages; count += 1) {
    const answer = await get('/api/v1/readings', { ...span, order: 'desc', limit: LIMIT, page }, signal);
    yield answer;
    if (answer.next === null) {
      return;
    }
    page = answer.next;
  }
}
