import { columns, NewestReadings } from './newest';

describe('NewestReadings', () => {
  it('is not moved by a late reading, but learns its decimals', () => {
    const newest = new NewestReadings();
    newest.take({ series: [1, 1], at: [20, 10], value: [21, 20.5] });
    expect(newest.of(1)()).toEqual({ at: 20, value: 21, decimals: 1 });
    newest.take({ series: [1], at: [15], value: [20.25] });
    expect(newest.of(1)()).toEqual({ at: 20, value: 21, decimals: 2 });
    newest.take({ series: [1], at: [30], value: [22] });
    expect(newest.of(1)()).toEqual({ at: 30, value: 22, decimals: 2 });
  });

  it('is not erased when a series is announced once more, without a reading, as its unit has changed', () => {
    const newest = new NewestReadings();
    newest.take({ series: [1], at: [20], value: [21] });
    newest.take(columns([{ series: 1, at: null, value: null }]));
    expect(newest.of(1)()).toEqual({ at: 20, value: 21, decimals: 0 });
  });
});

describe('columns', () => {
  it('leaves out a series that was announced before its first reading', () => {
    const snapshot = [
      { series: 1, at: null, value: null },
      { series: 2, at: 10, value: 0 },
    ];
    expect(columns(snapshot)).toEqual({ series: [2], at: [10], value: [0] });
  });
});
