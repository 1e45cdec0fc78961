import { serverTime } from '../time/clock';
import type { Answer, Route } from './types';

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** An answer that is not the wanted one, in one line that can be shown to people. */
export class Problem extends Error {}

/** Asks the API; `undefined` values are left out of the query. */
export async function get<R extends Route>(route: R, query: Query, signal?: AbortSignal): Promise<Answer<R>> {
  const response = await fetch(address(route, query), { signal: signal ?? null }).catch((error: unknown) => {
    throw signal?.aborted ? error : new Problem('the server can’t be reached');
  });
  serverTime.hear(response.headers.get('date'));
  if (!response.ok) {
    throw new Problem(await reason(response));
  }
  return (await response.json()) as Answer<R>;
}

export function address(route: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of value === undefined ? [] : typeof value === 'object' ? value : [value]) {
      parameters.append(name, String(one));
    }
  }
  return `${route}?${parameters.toString()}`;
}

/** RFC 9457 problems say it in `detail` or `title`. */
async function reason(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: unknown; title?: unknown };
  const said = [problem.detail, problem.title].find((text) => typeof text === 'string');
  return said ?? `the server answered ${response.status}`;
}
