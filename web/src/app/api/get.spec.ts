import { serverTime } from '../time/clock';
import { get, Problem } from './get';

const HOUR = 3_600_000;

describe('get', () => {
  const asked: unknown[] = [];
  const answers = (body: string, init?: ResponseInit) => {
    vi.stubGlobal('fetch', (address: unknown) => {
      asked.push(address);
      return Promise.resolve(new Response(body, init));
    });
  };

  beforeEach(() => {
    asked.length = 0;
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    serverTime.hear(new Date().toUTCString());
  });

  it('asks with the query, once for each of several values, and leaves out what is undefined', async () => {
    answers('{}');
    await get('/api/v1/readings', { match: ['a/*', 'b/ä&c'], limit: 5, page: undefined });
    await get('/api/v1/devices', {});
    expect(asked).toEqual(['/api/v1/readings?match=a%2F*&match=b%2F%C3%A4%26c&limit=5', '/api/v1/devices']);
  });

  it('puts what the route has in braces into the path, whatever its name is', async () => {
    answers('{}');
    await get('/api/v1/devices/{device}', { device: 'a/b?$&{device}' });
    expect(asked).toEqual(['/api/v1/devices/a%2Fb%3F%24%26%7Bdevice%7D']);
  });

  it('learns the time from every answer, a refusal included', async () => {
    for (const [hours, status] of [
      [3, 200],
      [5, 404],
    ] as const) {
      answers('{}', { status, headers: { date: new Date(Date.now() + hours * HOUR).toUTCString() } });
      await get('/api/v1/devices', {}).catch(() => null);
      expect(Math.round(serverTime.offset() / HOUR)).toBe(hours);
    }
  });

  it('throws a problem with its status and what the server says of it, or else the status alone', async () => {
    answers('{"title":"Not Found","detail":"no such device"}', { status: 404 });
    await expect(get('/api/v1/devices', {})).rejects.toEqual(new Problem('no such device', 404));
    answers('<html>', { status: 502 });
    await expect(get('/api/v1/devices', {})).rejects.toEqual(new Problem('the server answered 502', 502));
  });

  it('throws a problem without a status where there is no server, and the end itself where it was ended', async () => {
    const stop = new AbortController();
    const ended = new Error('ended');
    vi.stubGlobal('fetch', () => Promise.reject(stop.signal.aborted ? ended : new TypeError('failed')));
    await expect(get('/api/v1/devices', {}, stop.signal)).rejects.toEqual(new Problem('the server can’t be reached'));
    stop.abort();
    await expect(get('/api/v1/devices', {}, stop.signal)).rejects.toBe(ended);
  });
});
