import { serverTime } from '../time/clock';
import type { Answer, Route } from './types';

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** An answer that is not the wanted one, in one line that can be shown to people. Without a status there was no answer. */
export class Problem extends Error {
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** The door to the API: each answer also tells the server's time. `undefined` values are left out of the query. */
export async function get<R extends Route>(route: R, query: Query, signal?: AbortSignal): Promise<Answer<R>> {
  const response = await fetch(address(route, query), { signal: signal ?? null }).catch((error: unknown) => {
    throw signal?.aborted ? error : new Problem('the server can’t be reached');
  });
  serverTime.hear(response.headers.get('date'));
  if (!response.ok) {
    throw new Problem(await reason(response), response.status);
  }
  return (await response.json()) as Answer<R>;
}

/** What a route has in braces is taken from the query. */
function address(route: string, query: Query): string {
  let path = route;
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const values = value === undefined ? [] : typeof value === 'object' ? value : [value];
    if (path.includes(`{${name}}`)) {
      path = path.replace(`{${name}}`, encodeURIComponent(values.join()));
    } else {
      for (const one of values) {
        parameters.append(name, String(one));
      }
    }
  }
  return parameters.size > 0 ? `${path}?${parameters.toString()}` : path;
}

/** RFC 9457 problems say it in `detail` or `title`. */
async function reason(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: unknown; title?: unknown };
  const said = [problem.detail, problem.title].find((text) => typeof text === 'string');
  return said ?? `the server answered ${response.status}`;
}
