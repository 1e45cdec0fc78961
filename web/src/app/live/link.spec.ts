import { FakeSocket } from './fake-socket';
import type { Frame } from './frames';
import { Link, type LinkState, LONGEST_PATIENCE, PATIENCE, SILENCE } from './link';
import type { Receiver } from './subscription';

const subscribed: Frame = { type: 'subscribed', id: 's1', series: [], cursor: '5' };
const isThere: Frame = { type: 'error', id: 'nobody', code: 'unknown', message: 'expected the id of a subscription' };
const isAsked = { type: 'unsubscribe', id: 'nobody' };

function readings(cursor: string): Frame {
  return { type: 'readings', id: 's1', cursor, series: [1], at: [1], value: [1] };
}

describe('Link', () => {
  const sockets: FakeSocket[] = [];
  const states: LinkState[] = [];
  const heard: string[] = [];
  const receiver: Receiver = {
    started: () => heard.push('started'),
    announced: () => heard.push('announced'),
    readings: () => heard.push('readings'),
    missed: () => heard.push('missed'),
  };
  let link: Link;

  const newest = () => {
    const socket = sockets.at(-1);
    if (!socket) {
      throw new Error('no socket was opened');
    }
    return socket;
  };
  const goLive = () => {
    newest().opens();
    newest().says(subscribed);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    sockets.length = states.length = heard.length = 0;
    link = new Link(
      () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
      (state) => states.push(state),
    );
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('is live from the snapshot on, not from the opening', () => {
    link.subscribe(['a/*'], 10, receiver);
    newest().opens();
    newest().says(isThere);
    expect(states).toEqual([]);
    newest().says(subscribed);
    expect(states).toEqual(['live']);
    expect(heard).toEqual(['started']);
    expect(newest().sent).toEqual([{ type: 'subscribe', id: 's1', match: ['a/*'], after: null, rate: 10 }, isAsked]);
  });

  it('resumes a lost socket at the cursor of the last readings', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    newest().says(readings('7'));
    newest().breaks();
    expect(states.at(-1)).toBe('reconnecting');
    vi.runOnlyPendingTimers();
    newest().opens();
    expect(newest().sent[0]).toMatchObject({ after: '7' });
  });

  it('resumes at the cursor of readings without a reading, which tell a quiet page that nothing is missing', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    newest().says({ type: 'readings', id: 's1', cursor: '9', series: [], at: [], value: [] });
    newest().breaks();
    vi.runOnlyPendingTimers();
    newest().opens();
    expect(newest().sent[0]).toMatchObject({ after: '9' });
  });

  it('does not move its cursor by the snapshot of a resume: what it covers is still to come', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    newest().says(readings('7'));
    newest().breaks();
    vi.runOnlyPendingTimers();
    newest().opens();
    newest().says({ ...subscribed, cursor: '99' });
    newest().breaks();
    vi.runOnlyPendingTimers();
    newest().opens();
    expect(newest().sent[0]).toMatchObject({ after: '7' });
    expect(heard).toEqual(['started', 'readings', 'announced']);
  });

  it('tells of a gap and goes on after it', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    newest().says({ type: 'gap', id: 's1', after: '5', cursor: '50', reason: 'slow' });
    expect(heard).toEqual(['started', 'missed']);
    newest().breaks();
    vi.runOnlyPendingTimers();
    newest().opens();
    expect(newest().sent[0]).toMatchObject({ after: '50' });
  });

  it('polls after three failures, keeps trying, and is live again by itself', () => {
    link.subscribe(['a/*'], 10, receiver);
    for (let failure = 0; failure < 3; failure += 1) {
      newest().breaks();
      vi.runOnlyPendingTimers();
    }
    expect(states).toEqual(['reconnecting', 'reconnecting', 'polling']);
    expect(sockets.length).toBe(4);
    goLive();
    expect(states.at(-1)).toBe('live');
  });

  it('gives up on a socket that nobody answers', () => {
    link.subscribe(['a/*'], 10, receiver);
    newest().opens();
    vi.advanceTimersByTime(PATIENCE - 1);
    expect(states).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(states).toEqual(['reconnecting']);
    expect(newest().readyState).toBe(WebSocket.CLOSED);
  });

  it('waits for a snapshot as long as the server says that it is there, and meanwhile says that it has none', () => {
    link.subscribe(['a/*'], 10, receiver);
    newest().opens();
    for (let round = 0; round < 10; round += 1) {
      newest().says(isThere);
      vi.advanceTimersToNextTimer();
      expect(newest().sent.slice(1)).toEqual(Array.from({ length: round + 2 }, () => isAsked));
    }
    expect(sockets.length).toBe(1);
    expect([...new Set(states)]).toEqual(['reconnecting', 'polling']);
    newest().says(subscribed);
    expect(states.at(-1)).toBe('live');
    vi.advanceTimersByTime(SILENCE + PATIENCE);
    expect(states.at(-1)).toBe('reconnecting');
  });

  it('gives up on a socket that has become silent before its snapshot', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    newest().breaks();
    vi.runOnlyPendingTimers();
    newest().opens();
    newest().says(isThere);
    expect(states).toEqual(['live', 'reconnecting']);
    vi.advanceTimersByTime(PATIENCE);
    expect(newest().readyState).toBe(WebSocket.OPEN);
    vi.advanceTimersByTime(PATIENCE);
    expect(newest().readyState).toBe(WebSocket.CLOSED);
  });

  it('is live without a snapshot if none is wanted any more', () => {
    const end = link.subscribe(['a/*'], 10, receiver);
    end();
    newest().opens();
    newest().says(isThere);
    expect(states).toEqual(['live']);
  });

  it('has more patience with a socket once the API is polled, within bounds', () => {
    link.subscribe(['a/*'], 10, receiver);
    const lives = Array.from({ length: 6 }, () => {
      const before = Date.now();
      vi.advanceTimersToNextTimer();
      const life = Date.now() - before;
      vi.advanceTimersToNextTimer();
      return life;
    });
    expect(lives).toEqual([PATIENCE, PATIENCE, PATIENCE, 2 * PATIENCE, LONGEST_PATIENCE, LONGEST_PATIENCE]);
  });

  it('waits longer from failure to failure, but never more than ten seconds', () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    link.subscribe(['a/*'], 10, receiver);
    const waits = Array.from({ length: 7 }, () => {
      newest().breaks();
      const before = Date.now();
      vi.advanceTimersToNextTimer();
      return Date.now() - before;
    });
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('tries at once when it is asked to', () => {
    link.subscribe(['a/*'], 10, receiver);
    newest().breaks();
    link.wake();
    expect(sockets.length).toBe(2);
    link.wake();
    expect(sockets.length).toBe(2);
  });

  it('gives up on a socket that has become silent and does not say that it is there', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    vi.advanceTimersByTime(SILENCE - 1);
    newest().says(readings('7'));
    vi.advanceTimersByTime(SILENCE);
    expect(newest().sent.at(-1)).toEqual(isAsked);
    vi.advanceTimersByTime(PATIENCE);
    expect(states.at(-1)).toBe('reconnecting');
    vi.runOnlyPendingTimers();
    newest().opens();
    expect(newest().sent[0]).toMatchObject({ after: '7' });
  });

  it('stays live in a silence as long as the server says that it is there', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    for (let round = 0; round < 5; round += 1) {
      vi.advanceTimersByTime(SILENCE + PATIENCE - 1);
      newest().says(isThere);
    }
    expect(sockets.length).toBe(1);
    expect(new Set(states)).toEqual(new Set(['live']));
    expect(heard).toEqual(['started']);
  });

  it('sees at once whether the server is there when it is woken, and asks but once', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    link.wake();
    link.wake();
    expect(newest().sent.slice(2)).toEqual([isAsked]);
    vi.advanceTimersByTime(PATIENCE - 1);
    newest().says(readings('7'));
    vi.advanceTimersByTime(1);
    expect(states.at(-1)).toBe('live');
    link.wake();
    vi.advanceTimersByTime(PATIENCE);
    expect(states.at(-1)).toBe('reconnecting');
  });

  it('is not live by refusals alone', () => {
    link.subscribe(['a/*'], 10, receiver);
    newest().opens();
    newest().says({ type: 'error', id: 's1', code: 'limit', message: 'too many' });
    link.wake();
    vi.advanceTimersByTime(PATIENCE);
    expect(states).toEqual(['reconnecting']);
  });

  it('starts over when the server refuses the cursor', () => {
    link.subscribe(['a/*'], 10, receiver);
    goLive();
    newest().says({ type: 'error', id: 's1', code: 'cursor', message: 'too old' });
    expect(newest().sent.at(-1)).toMatchObject({ type: 'subscribe', after: null });
    newest().says(subscribed);
    expect(heard).toEqual(['started', 'started']);
  });

  it('hears no more of what it ended', () => {
    const end = link.subscribe(['a/*'], 10, receiver);
    goLive();
    end();
    expect(newest().sent.at(-1)).toEqual({ type: 'unsubscribe', id: 's1' });
    newest().says(readings('8'));
    expect(heard).toEqual(['started']);
  });
});
